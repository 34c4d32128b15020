const event =
  '{"EventId":"0d8b2b6e-7c1e-4a69-8d7c-8c2a5c8fce01","EventName":"CreateUser","ReadOnly":"false",' +
  '"AccessKeyId":"AKIAEXAMPLE","EventTime":1772442845,"EventSource":"iam.amazonaws.com","Username":"alice","Resources":[],' +
  '"CloudTrailEvent":"{…}","RecordedAt":1772442845.12,"Origin":"live","Verification":"signature","JournalId":"6f1c0f0e-…","Sequence":42}';
const hold =
  '{"HoldId":"5b1f…","Name":"case-17","StartTime":1772000000,"EndTime":1772600000,"CreatedAt":1772700000,' +
  '"CreatedBy":"arn:aws:iam::000000000000:root","Reason":"lawsuit"}';

/** A request body, then the answer: of each operation of ours. */
const examples: Readonly<Record<string, readonly string[]>> = {
  SearchEvents: [
    '{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"CreateUser"}],"AllRegions":true,"IsError":false,"MaxResults":1}',
    '',
    `{"Events":[${event}],"NextToken":"Jx0…"}`,
  ],
  CountEvents: [
    '{"StartTime":1772400000,"Facets":["EventName"],"FacetLimit":2}',
    '',
    '{"Count":1200,"Facets":[{"Attribute":"EventName","Values":[{"Value":"GetObject","Count":900},{"Value":"PutObject","Count":200}]}]}',
  ],
  TailEvents: ['{"AllRegions":true}', '', event, '…'],
  PutHold: ['{"Name":"case-17","StartTime":1772000000,"EndTime":1772600000,"Reason":"lawsuit"}', '', hold],
  ListHolds: ['{}', '', `{"Holds":[${hold}]}`],
  RemoveHold: ['{"HoldId":"5b1f…"}', '', '{}'],
  ListPrincipals: [
    '{}',
    '',
    '{"Principals":[{"AccessKeyId":"AKIAEXAMPLE","AccountId":"000000000000","UserIdentity":{"type":"IAMUser","userName":"alice"},"Source":"learnt","LearntAt":1772442845}]}',
  ],
  PutPrincipal: [
    '{"AccessKeyId":"AKIAEXAMPLE","Arn":"arn:aws:iam::000000000000:user/alice"}',
    '',
    '{"AccessKeyId":"AKIAEXAMPLE","AccountId":"000000000000","UserIdentity":{"type":"IAMUser","arn":"arn:aws:iam::000000000000:user/alice","accountId":"000000000000","userName":"alice"},"Source":"configured","LearntAt":1772442845}',
  ],
  RemovePrincipal: ['{"AccessKeyId":"AKIAEXAMPLE"}', '', '{}'],
  RotateMasterKey: [
    '{"EndSessions":false}',
    '',
    '{"KeyId":"2f6c1b0d9e8a7f34","ResealedCount":12,"UnopenedNames":[],"RemovedKeyIds":[]}',
  ],
  GetStatus: [
    '{}',
    '',
    '{"Version":"0.1.0","AccountId":"000000000000","Authentication":"on","Journal":{"JournalId":"6f1c0f0e-…","AcceptedSequence":1000,"StoredSequence":998,"LagEvents":2,"SizeBytes":4096,"SizeBytesMax":10737418240,"ReservedBytes":0},',
    ' "Engine":{"IsUp":true},"Partitions":[{"Name":"…","Origin":"live","StartTime":1772323200,"EndTime":1772409599.999,"EventsCount":998,"SizeBytes":160000}],"Totals":[{"JournalId":"6f1c0f0e-…","HighestSequence":998,"EventsCount":998}]}',
  ],
  ReadChain: [
    '{}',
    '',
    '{"kind":"publicKey",…}',
    '{"kind":"total","journalId":"6f1c0f0e-…","highestSequence":998,"eventsCount":998}',
    '{"kind":"head",…}',
    '{"kind":"explained","journalId":"6f1c0f0e-…","firstSequence":7,"lastSequence":7,"reason":"setAside","detail":"…"}',
    '{"kind":"dropped","name":"…","journalId":"6f1c0f0e-…","firstSequence":1,"lastSequence":5,"eventsCount":5,"droppedAtMs":1772442845000}',
    '{"kind":"link",…}',
    '{"kind":"end"}',
  ],
  ReadHistory: [
    '{"JournalId":"6f1c0f0e-…","FirstSequence":1,"LastSequence":2}',
    '',
    '1<TAB>{"t":1772442845120,"o":"live","v":"signature","u":"alice","r":[]}<TAB>{"eventVersion":"1.11",…}',
    '#changed<TAB>2<TAB>event_category,user_name',
    '2<TAB>…',
    '#end',
  ],
};

export function exampleOf(operation: string): readonly string[] | undefined {
  return examples[operation];
}
