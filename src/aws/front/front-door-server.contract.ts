import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type Http2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../../base/clock.ts';
import { DependencyError } from '../../base/dependency-error.ts';
import { silentLog } from '../../base/log.ts';
import { noMetrics } from '../../base/metrics.ts';
import { createLookupEvents } from '../../history/lookup-events.ts';
import { createPageTokens } from '../../history/page-token.ts';
import { createEventSearch } from '../../history/search-events.ts';
import { createTailEvents } from '../../history/tail-events.ts';
import { createOrganizationDirectory } from '../../identity/organization/organization-directory.ts';
import type { EventDraft, UserIdentity } from '../../model/cloudtrail-event.ts';
import type { JournalEntry, Position, Verification } from '../../model/recorded-event.ts';
import { createIntake } from '../../record/create-intake.ts';
import { createRecogniser } from '../../record/gateway/create-recogniser.ts';
import type { FrontRequest, FrontResponse } from '../../record/gateway/exchange.ts';
import type { ResolvedPrincipal } from '../../record/identity/principal-directory.ts';
import { toRequestHead } from '../../server/listen/request-head.ts';
import { systemClock } from '../../server/system/system-clock.ts';
import { systemRandom } from '../../server/system/system-random.ts';
import type { CommitFeed } from '../../store/commit-feed.ts';
import { createMemoryCatalog } from '../../store/memory/memory-catalog.ts';
import { MemoryEventStore } from '../../store/memory/memory-event-store.ts';
import { MemoryIdentityStore } from '../../store/memory/memory-identity-store.ts';
import { SegmentWriter } from '../../store/segment-writer.contract.ts';
import { createFrontDoor } from '../front-door.ts';
import { rootOnly } from '../opentrail/access.ts';
import { createOpenTrailOperations } from '../opentrail/open-trail-operations.ts';
import type { OpenTrailOperation } from '../opentrail/operation.ts';
import { createOperationThrottle } from '../operations/operation-throttle.ts';
import { NodeSha256 } from '../protocol/node-sha256.ts';
import { createSignatureVerifier } from '../protocol/sigv4.ts';
import { createOrganizationsService } from '../services/organizations/create-organizations-service.ts';
import type { FrontDoorLimits } from './front-door-context.ts';

export const account = '111111111111';
export const rootKey = { accessKeyId: 'AKIAROOTROOTROOTROOT', secretAccessKey: 'root-secret' };
/** A key of the same account that is known and is not root's. */
export const aliceKey = { accessKeyId: 'AKIAALICEALICEALICE0', secretAccessKey: 'alice-secret' };
/** The root key of another account. */
export const otherKey = { accessKeyId: 'AKIAOTHEROTHEROTHER0', secretAccessKey: 'other-secret' };

const recogniser = createRecogniser({
  s3Domains: [],
  defaultRegion: 'us-east-1',
  accountId: account,
  random: systemRandom,
});

const principals: Record<string, { secret: string; accountId: string; userIdentity: UserIdentity }> = {
  [rootKey.accessKeyId]: {
    secret: rootKey.secretAccessKey,
    accountId: account,
    userIdentity: { type: 'Root', arn: `arn:aws:iam::${account}:root`, accessKeyId: rootKey.accessKeyId },
  },
  [aliceKey.accessKeyId]: {
    secret: aliceKey.secretAccessKey,
    accountId: account,
    userIdentity: {
      type: 'IAMUser',
      arn: `arn:aws:iam::${account}:user/alice`,
      accessKeyId: aliceKey.accessKeyId,
    },
  },
  [otherKey.accessKeyId]: {
    secret: otherKey.secretAccessKey,
    accountId: '222222222222',
    userIdentity: { type: 'Root', arn: 'arn:aws:iam::222222222222:root', accessKeyId: otherKey.accessKeyId },
  },
};

export interface Recorded {
  readonly draft: EventDraft;
  readonly verification: Verification;
  readonly intentId: string | undefined;
}

/** A front door behind a real listening server, on a store in memory. */
export class FrontDoorServer {
  readonly recorded: Recorded[] = [];
  readonly openIntents = new Map<string, JournalEntry>();
  /** Every intent that was opened, closed ones too. */
  readonly announced: JournalEntry[] = [];
  readonly store = new MemoryEventStore();
  readonly catalog = createMemoryCatalog();
  readonly identities = new MemoryIdentityStore();
  readonly clock = new ShiftedClock();
  /** While set, nothing can be recorded. */
  isJournalFull = false;
  readonly #server: Server | Http2Server;
  readonly #segments: SegmentWriter;
  readonly #sessions = new Set<Http2Session>();
  #committed: Position;
  readonly #listeners = new Set<(committed: Position) => void>();

  private constructor(
    segments: SegmentWriter,
    options: {
      readonly isThrottled?: boolean;
      readonly isHttp2?: boolean;
      readonly added?: readonly OpenTrailOperation[];
      readonly limits?: FrontDoorLimits;
    },
  ) {
    this.#segments = segments;
    this.#committed = { journalId: segments.journalId, sequence: 0 };
    const frontDoor = createFrontDoor(this.#frontDoorOptions(options));
    this.#server = options.isHttp2 === true ? createHttp2Server() : createServer();
    const dispatch = (request: FrontRequest, response: FrontResponse) => {
      const head = toRequestHead(request, this.clock.now());
      frontDoor.handle(request, response, head).catch((error: unknown) => {
        this.bugs.push(error);
        response.destroy();
      });
    };
    this.#server.on('request', dispatch);
    this.#server.on('checkContinue', dispatch);
    this.#server.on('session', (session: Http2Session) => this.#sessions.add(session));
  }

  readonly bugs: unknown[] = [];

  static async start(
    options: {
      readonly isThrottled?: boolean;
      readonly isHttp2?: boolean;
      readonly added?: readonly OpenTrailOperation[];
      readonly limits?: FrontDoorLimits;
    } = {},
  ): Promise<FrontDoorServer> {
    const server = new FrontDoorServer(await SegmentWriter.open(), options);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  client(
    credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = rootKey,
  ): CloudTrailClient {
    return new CloudTrailClient({ endpoint: this.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  }

  /** Stores events as the drain does, and tells the followers. */
  async put(entries: readonly JournalEntry[]): Promise<void> {
    const segment = await this.#segments.write(entries);
    await this.store.storeSegment(segment);
    this.#committed = { journalId: segment.journalId, sequence: segment.lastSequence };
    for (const listener of this.#listeners) listener(this.#committed);
  }

  /** A signed call of an operation of ours. */
  async post(
    path: string,
    body: string,
    options: {
      key?: typeof rootKey;
      service?: string;
      headers?: Record<string, string>;
      signal?: AbortSignal;
    } = {},
  ): Promise<Response> {
    const url = new URL(path, this.url);
    const signer = new SignatureV4({
      service: options.service ?? 'opentrail',
      region: 'us-east-1',
      credentials: options.key ?? rootKey,
      sha256: NodeSha256,
    });
    const request = new HttpRequest({
      method: 'POST',
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host, ...options.headers },
      body,
    });
    const signed = await signer.sign(request, { signingDate: new Date(this.clock.now()) });
    const { host: _host, ...headers } = signed.headers;
    return fetch(url, {
      method: 'POST',
      headers,
      body,
      ...(options.signal ? { signal: options.signal } : {}),
    });
  }

  async stop(): Promise<void> {
    if ('closeAllConnections' in this.#server) this.#server.closeAllConnections();
    for (const session of this.#sessions) session.destroy();
    this.#server.close();
    await this.#segments.dispose();
  }

  #frontDoorOptions(options: {
    readonly isThrottled?: boolean;
    readonly added?: readonly OpenTrailOperation[];
    readonly limits?: FrontDoorLimits;
  }) {
    const { clock, store, catalog } = this;
    const tokens = createPageTokens({ key: Buffer.alloc(32, 7), clock });
    const feed: CommitFeed = {
      committed: () => this.#committed,
      onCommit: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    const random = systemRandom;
    const organizations = {
      store: this.identities,
      directory: createOrganizationDirectory(this.identities),
      clock,
      random,
    };
    const intake = createIntake({ accountId: account, clock, random });
    const openTrailOperations = createOpenTrailOperations(
      {
        installationAccountId: account,
        authorize: rootOnly,
        organizations: organizations.directory,
        search: createEventSearch({ store, tokens }),
        tail: createTailEvents({ store, feed, tailsMax: 100 }),
        store,
        feed,
        catalog,
        forgetPrincipal: () => {},
        chain: {
          publicKeys: async () => [{ keyId: 'k1' }],
          heads: async function* () {
            yield { sequence: 1, hash: 'aa' };
          },
          links: async function* () {
            yield { firstSequence: 1, lastSequence: 1 };
          },
        },
        journalStatus: () => ({
          journalId: this.#segments.journalId,
          acceptedSequence: this.#committed.sequence + 3,
          sizeBytes: 1,
          sizeBytesMax: 2,
          reservedBytes: 0,
          refusal: undefined,
        }),
        version: '0.0.0',
        clock,
        random,
      },
      options.added,
    );
    return {
      verifier: createSignatureVerifier({
        credentials: async (accessKeyId) => {
          const secret = principals[accessKeyId]?.secret;
          return secret === undefined ? undefined : { secretAccessKey: secret };
        },
        clock,
      }),
      operations: {
        lookupEvents: createLookupEvents({ store, tokens, clock }),
        delegation: { ...organizations, authorize: rootOnly },
      },
      services: new Map([['organizations', createOrganizationsService(organizations)]]),
      openTrailOperations,
      ...(options.isThrottled ? { throttle: createOperationThrottle(clock) } : {}),
      recorder: {
        record: async (draft: EventDraft, how: { verification: Verification; intentId?: string }) => {
          if (this.isJournalFull && how.intentId === undefined) throw journalFull();
          if (how.intentId !== undefined) this.openIntents.delete(how.intentId);
          const { event } = intake.accept(draft, how);
          this.recorded.push({ draft: event, verification: how.verification, intentId: how.intentId });
        },
      },
      intake,
      intents: {
        openIntent: async (intent: { intentId: string; entry: JournalEntry }) => {
          if (this.isJournalFull) throw journalFull();
          this.openIntents.set(intent.intentId, intent.entry);
          this.announced.push(intent.entry);
        },
        cancelIntent: async (intentId: string) => {
          this.openIntents.delete(intentId);
        },
      },
      recogniser,
      principals: {
        resolve: async (accessKeyId: string | undefined): Promise<ResolvedPrincipal> => {
          const known = principals[accessKeyId ?? ''];
          if (known === undefined)
            return { accountId: account, userIdentity: { type: 'Unknown' }, source: 'none' };
          return { accountId: known.accountId, userIdentity: known.userIdentity, source: 'configured' };
        },
        learn: async () => {},
      },
      installationAccountId: account,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      clock,
      random,
      log: silentLog,
      metrics: noMetrics,
    };
  }
}

function journalFull(): DependencyError {
  return new DependencyError({
    dependency: 'journal',
    operation: 'append',
    isRetryable: true,
    reason: 'full',
  });
}

/** Real time, moved by tests. */
class ShiftedClock implements Clock {
  shiftMs = 0;
  now(): number {
    return systemClock.now() + this.shiftMs;
  }
  monotonicMs(): number {
    return systemClock.monotonicMs() + this.shiftMs;
  }
  after(delayMs: number, callback: () => void) {
    return systemClock.after(delayMs, callback);
  }
  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs, signal);
  }
}
