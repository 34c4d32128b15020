import { describeIdentityStore } from '../identity-store.contract.ts';
import { MemoryIdentityStore } from './memory-identity-store.ts';

describeIdentityStore('memory', async () => ({ store: new MemoryIdentityStore(), dispose: async () => {} }));
