/** What `doctor` found of one thing. */
export interface DoctorFinding {
  readonly status: 'ok' | 'note' | 'warning' | 'problem';
  /** What was looked at: `node`, `data folder`. */
  readonly subject: string;
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
  /** Where a server answers, for checks that need a client. */
  readonly serverUrl?: string;
}
