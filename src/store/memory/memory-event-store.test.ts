import { describeEventStore } from '../event-store.contract.ts';
import { MemoryEventStore } from './memory-event-store.ts';

describeEventStore('memory', async () => {
  const store = new MemoryEventStore();
  return { store, dispose: () => store.close() };
});
