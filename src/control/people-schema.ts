/**
 * The tables of people. better-auth reads and writes the first five too, so their times are RFC 3339 text, as it
 * writes them. In the others, times are epoch milliseconds.
 */
export type PeopleSchema = {
  people: PersonTable;
  sessions: SessionTable;
  credentials: CredentialTable;
  verifications: VerificationTable;
  two_factors: TwoFactorTable;
  project_members: ProjectMemberTable;
  invitations: InvitationTable;
  one_time_links: OneTimeLinkTable;
};

/** A person with an account. */
export type PersonTable = {
  id: string;
  name: string;
  /** Lower case. */
  email: string;
  email_verified: number;
  image: string | null;
  two_factor_enabled: number;
  created_at: string;
  updated_at: string;
};

/** A signed-in browser. */
export type SessionTable = {
  id: string;
  /** SHA-256 of the token in the cookie, base64url; never the token itself. */
  token: string;
  person_id: string;
  ip_address: string | null;
  user_agent: string | null;
  /** Until when sensitive actions are allowed without entering the password again, epoch milliseconds. */
  stepped_up_until: number | null;
  expires_at: string;
  created_at: string;
  /** When the session was last used, to the minute. */
  updated_at: string;
};

/** How a person signs in; better-auth calls it an account. */
export type CredentialTable = {
  id: string;
  account_id: string;
  provider_id: string;
  person_id: string;
  access_token: string | null;
  refresh_token: string | null;
  id_token: string | null;
  access_token_expires_at: string | null;
  refresh_token_expires_at: string | null;
  scope: string | null;
  /** scrypt hash with its salt. */
  password: string | null;
  created_at: string;
  updated_at: string;
};

/** Short-lived values of better-auth, such as a sign-in that waits for its second factor. */
export type VerificationTable = {
  id: string;
  identifier: string;
  value: string;
  expires_at: string;
  created_at: string;
  updated_at: string;
};

/** A person's second factor. */
export type TwoFactorTable = {
  id: string;
  /** Encrypted with a key derived from APPFLOW_SECRET, like the backup codes. */
  secret: string;
  backup_codes: string;
  person_id: string;
  verified: number | null;
  failed_verification_count: number | null;
  locked_until: string | null;
  /** The time step of the last accepted code. Codes of this step or an earlier one are rejected. */
  last_step: number;
};

/** A person's role in a project. */
export type ProjectMemberTable = { project_id: string; person_id: string; role: string; created_at: number };

/** An open invitation to a project. */
export type InvitationTable = {
  id: string;
  project_id: string;
  email: string;
  role: string;
  /** SHA-256 of the link's token, base64url. */
  token_hash: string;
  created_at: number;
  created_by: string;
  expires_at: number;
};

/** A link that can be used once: to create the first account, or to reset a password. */
export type OneTimeLinkTable = {
  /** SHA-256 of the link's token, base64url. */
  token_hash: string;
  purpose: string;
  /** Null for the setup link, which creates a person. */
  person_id: string | null;
  created_at: number;
  /** Null for the setup link, which is valid until the next start or, with several nodes, until there is an account. */
  expires_at: number | null;
};
