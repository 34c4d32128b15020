import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DependencyError } from '../../base/dependency-error.ts';
import { systemClock } from '../../server/system/system-clock.ts';
import { openServerStore } from './open-server-store.ts';

describe('the event store on a server', () => {
  it('fails with an error that may be tried again where no server answers', async () => {
    await assert.rejects(
      // Nothing listens on the port of tcpmux.
      openServerStore({ url: 'http://127.0.0.1:1', clock: systemClock }),
      (error: unknown) => error instanceof DependencyError && error.isRetryable,
    );
  });
});
