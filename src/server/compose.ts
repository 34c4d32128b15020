import { readFileSync } from 'node:fs';
import { authorizeWith } from '../aws/front/authorize-with.ts';
import { createFrontDoor } from '../aws/front-door.ts';
import type { Authorize } from '../aws/opentrail/access.ts';
import { createImportOperations } from '../aws/opentrail/import-events.ts';
import { createOpenTrailOperations } from '../aws/opentrail/open-trail-operations.ts';
import { rotateMasterKeyOperation } from '../aws/opentrail/rotate-master-key.ts';
import { createOperationThrottle } from '../aws/operations/operation-throttle.ts';
import { createGatewayErrorAnswer } from '../aws/protocol/gateway-error-answer.ts';
import { createSignatureVerifier } from '../aws/protocol/sigv4.ts';
import { trustingVerifier } from '../aws/protocol/trusting-verifier.ts';
import type { RecordServiceAction } from '../aws/services/service-action.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import { createLookupEvents } from '../history/lookup-events.ts';
import { createPageTokens, loadPageTokenKey } from '../history/page-token.ts';
import { createEventSearch } from '../history/search-events.ts';
import { createTailEvents } from '../history/tail-events.ts';
import type { Journal } from '../journal/journal.ts';
import { createIntake } from '../record/create-intake.ts';
import { openGapFile } from '../record/gap-file.ts';
import { createGateway, type Gateway } from '../record/gateway/create-gateway.ts';
import { createRecogniser } from '../record/gateway/create-recogniser.ts';
import { parseTrustedProxy, sourceAddress } from '../record/gateway/forward/source-address.ts';
import { createPrincipalDirectory, rootPrincipal } from '../record/identity/create-principal-directory.ts';
import { createImporter } from '../record/import/importer.ts';
import type { Intake } from '../record/intake.ts';
import { createRecorder, type ServerRecorder } from '../record/recorder.ts';
import type { Config } from './config-options.ts';
import type { DataPaths } from './data-directory.ts';
import type { DispatchOptions } from './dispatch.ts';
import { credentialsOf, keyCheckOf, knownBeforeLearnt, signatureFinding } from './known-keys.ts';
import type { Identity } from './open-identity.ts';
import type { Storage } from './open-storage.ts';
import { recordingConfiguration, recordModeOf } from './recording-strength.ts';
import type { RootCredentials } from './root-credentials.ts';
import { createServiceActionRecorder } from './service-action-recorder.ts';

export interface ComposeOptions {
  readonly config: Config;
  readonly paths: DataPaths;
  readonly root: RootCredentials;
  readonly storage: Storage;
  readonly identity: Identity;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Aborted when the server stops: ends what streams. */
  readonly stopSignal: AbortSignal;
}

/** The parts that answer and record calls. */
export interface Composition {
  readonly recorder: ServerRecorder;
  readonly gateway: Gateway;
  readonly routing: Pick<DispatchOptions, 'recogniser' | 'frontDoor' | 'gateway' | 'hasUpstream'>;
  close(): void;
}

/** Sources of unverified calls that are told apart, and summaries of one interval: about 5 MB of memory at most. */
const FLOOD_SOURCES_MAX = 10_000;
const FLOOD_SUMMARIES_MAX = 100;
/** How much more than one source all of them together may have recorded one by one. */
const FLOOD_TOTAL_FACTOR = 10;

/** The only place where the parts of a server are made and told of each other. */
export async function compose(options: ComposeOptions): Promise<Composition> {
  const { config, storage, identity, clock, random, log, metrics } = options;
  const shared = { clock, random, log, metrics };
  const { catalog } = storage;
  const intake = createIntake({ accountId: config.account, clock, random });
  const recorder = openRecorder(options, intake);
  const recordServiceAction = createServiceActionRecorder({ ...shared, recorder });
  identity.recordServiceActionsWith(recordServiceAction);
  const learnt = createPrincipalDirectory({
    catalog,
    accountId: config.account,
    rootAccessKeyId: options.root.accessKeyId,
    ...shared,
  });
  const principals = knownBeforeLearnt(identity.resolver, learnt, config.account);
  const recogniser = createRecogniser({
    accountId: config.account,
    defaultRegion: config.region,
    s3Domains: config.s3Domains,
    random,
  });
  const verifier = createSignatureVerifier({ credentials: credentialsOf(identity.resolver), clock });
  const authorize = authorizeWith(identity.authorizer);
  const access = { authorize, forgetPrincipal: (id: string) => learnt.forget(id), recordServiceAction };
  const trustedProxies = config.trustedProxies.map(parseTrustedProxy);
  const parts = { ...shared, recogniser, recorder, intake, principals };
  const upstreams = upstreamsOf(config);
  const { recordModes } = recordingConfiguration(config);
  const gateway = createGateway({
    ...parts,
    journal: recorder.intents,
    admitUnverified: (draft) => recorder.admitUnverified(draft),
    upstreams,
    modeOf: (signingName) => recordModeOf(recordModes, signingName),
    verifySignature: async (head, body) =>
      signatureFinding(await verifier.verify(head, body), body !== undefined),
    trustedProxies,
    gatewayError: createGatewayErrorAnswer(random),
    upstreamTls: config.upstreamCa === undefined ? {} : { ca: readFileSync(config.upstreamCa, 'utf8') },
    limits: gatewayLimits(config),
  });
  const frontDoor = createFrontDoor({
    ...parts,
    ...(await ownOperations(options, access)),
    services: identity.services,
    authorize,
    noteKeyUse: (principal, use) => identity.keyUse.note(principal, use),
    ...(config.auth === 'off'
      ? withoutAuth(options)
      : { verifier, isKeyGood: keyCheckOf(identity.resolver) }),
    intents: recorder.intents,
    installationAccountId: config.account,
    sourceAddress: (head) => sourceAddress(head, trustedProxies),
    limits: config,
    ...(config.throttle === 'aws' ? { throttle: createOperationThrottle(clock) } : {}),
    stopSignal: options.stopSignal,
  });
  const hasUpstream = (signingName: string) => upstreams(signingName) !== undefined;
  return {
    recorder,
    gateway,
    routing: { recogniser, frontDoor, gateway, hasUpstream },
    close() {
      learnt.close();
      gateway.close();
    },
  };
}

/** For tests of other software: every key is the root's, and nothing vouches for a caller. */
function withoutAuth({ config, log }: ComposeOptions) {
  log.warn('server.authOff', { reason: 'every key is taken for the root of the account: --auth off' });
  return {
    verifier: trustingVerifier,
    isAuthOff: true,
    principals: {
      resolve: async (accessKeyId: string | undefined) => rootPrincipal(config.account, accessKeyId ?? ''),
      learn: async () => {},
    },
  };
}

function openRecorder(options: ComposeOptions, intake: Intake): ServerRecorder {
  const { config, paths, storage, clock, metrics, log } = options;
  return createRecorder({
    intake,
    journal: storage.journal,
    gapFile: openGapFile(paths.gap),
    floodLimits: {
      callsPerMinute: config.unverifiedPerMinute,
      callsPerMinuteTotal: config.unverifiedPerMinute * FLOOD_TOTAL_FACTOR,
      sourcesMax: FLOOD_SOURCES_MAX,
      summariesMax: FLOOD_SUMMARIES_MAX,
    },
    accountId: config.account,
    region: config.region,
    clock,
    metrics,
    log,
  });
}

/** AWS's operations and ours, on what is stored. */
async function ownOperations(
  options: ComposeOptions,
  access: {
    readonly authorize: Authorize;
    readonly forgetPrincipal: (accessKeyId: string) => void;
    readonly recordServiceAction: RecordServiceAction;
  },
) {
  const { config, storage, version, clock, random, log, metrics } = options;
  const { catalog, store, journal, drain: feed } = storage;
  const tokens = createPageTokens({ key: await loadPageTokenKey(catalog, random), clock });
  const importer = createImporter({
    ...{ catalog, store, journal, commitFeed: feed, clock, random, log, metrics },
    limits: {
      pendingEventsMax: config.importPendingEventsMax,
      journalShareMax: config.importJournalPercentMax / 100,
      waitMsMax: config.importWaitMs,
    },
  });
  const { store: identities, organizations: directory } = options.identity;
  const isOrganizationOurs = upstreamsOf(config)('organizations') === undefined;
  const rotateMasterKey = rotateMasterKeyOperation({
    rotate: options.identity.rotateMasterKey,
    installationAccountId: config.account,
  });
  const openTrailOperations = createOpenTrailOperations(
    {
      installationAccountId: config.account,
      ...access,
      ...(isOrganizationOurs ? { organizations: directory } : {}),
      search: createEventSearch({ store, tokens }),
      tail: createTailEvents({ store, feed, tailsMax: config.tailsMax }),
      store,
      feed,
      catalog,
      chain: chainSource(journal),
      journalStatus: () => ({
        journalId: journal.journalId,
        acceptedSequence: journal.head().sequence,
        ...journal.usage(),
      }),
      version,
      isAuthOff: config.auth === 'off',
      clock,
      random,
    },
    [
      ...createImportOperations({ importer, catalog, installationAccountId: config.account }),
      rotateMasterKey,
    ],
  );
  const { recordServiceAction } = access;
  const delegation = {
    ...{ store: identities, directory, clock, random },
    authorize: access.authorize,
    recordServiceAction,
  };
  const operations = {
    lookupEvents: createLookupEvents({ store, tokens, clock }),
    ...(isOrganizationOurs ? { delegation } : {}),
  };
  return { operations, openTrailOperations };
}

/** The chain from its first link that is kept to the newest. */
function chainSource(journal: Journal) {
  return {
    publicKeys: async () => [{ journalId: journal.journalId, publicKeyPem: journal.publicKeyPem }],
    heads: () => journal.readHeads(1),
    links: () => journal.readChain(1, Number.MAX_SAFE_INTEGER),
  };
}

/** The upstream of a service: its own, else the one for all. */
function upstreamsOf(config: Config): (signingName: string) => URL | undefined {
  const urls = new Map(config.upstreams.map(({ service, url }) => [service, url]));
  return (signingName) => (urls.has(signingName) ? urls.get(signingName) : urls.get('*'));
}

function gatewayLimits(config: Config) {
  return {
    connectTimeoutMs: config.upstreamConnectTimeoutMs,
    upstreamIdleTimeoutMs: config.upstreamIdleTimeoutMs,
    keepAliveMs: config.upstreamKeepAliveMs,
    idleConnectionsMax: config.upstreamIdleConnectionsMax,
    answerHeadBytesMax: config.answerHeadBytesMax,
    pendingCallsMax: config.pendingCallsMax,
    pendingBytesMax: config.pendingBytesMax,
    recordsInFlightMax: config.recordsInFlightMax,
    intentBodyBytesMax: config.intentBodyBytesMax,
    retryAfterSeconds: Math.ceil(config.retryAfterMs / 1_000),
  };
}
