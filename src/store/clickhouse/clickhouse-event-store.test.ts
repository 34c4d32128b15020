import { describeEventStore } from '../event-store.contract.ts';
import { openTestStore } from './embedded-store.contract.ts';

describeEventStore('the embedded engine', () => openTestStore());
