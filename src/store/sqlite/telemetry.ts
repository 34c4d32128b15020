/** Log events of the catalog's thread: name → when it is written. */
export const catalogLogEvents = {
  'catalog.threadEnded':
    'error: the thread of catalog and identity store ended by itself; calls it had not answered fail, the next one starts it again',
} as const;
