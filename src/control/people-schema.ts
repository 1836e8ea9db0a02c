/**
 * The tables of people. The first five are read and written by better-auth too, so times in them are RFC 3339 text, as
 * it writes them; in the others they are epoch milliseconds.
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

export type PersonTable = {
  id: string;
  name: string;
  /** In lower case. */
  email: string;
  email_verified: number;
  image: string | null;
  two_factor_enabled: number;
  created_at: string;
  updated_at: string;
};

export type SessionTable = {
  id: string;
  /** SHA-256 of what the cookie holds, base64url; never the token. */
  token: string;
  person_id: string;
  ip_address: string | null;
  user_agent: string | null;
  /** Until when the password counts as just given, epoch milliseconds. */
  stepped_up_until: number | null;
  expires_at: string;
  created_at: string;
  /** When it was last seen, to the minute. */
  updated_at: string;
};

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
  /** scrypt, with its salt. */
  password: string | null;
  created_at: string;
  updated_at: string;
};

export type VerificationTable = {
  id: string;
  identifier: string;
  value: string;
  expires_at: string;
  created_at: string;
  updated_at: string;
};

export type TwoFactorTable = {
  id: string;
  /** Encrypted under a key derived from APPFLOW_SECRET, as are the backup codes. */
  secret: string;
  backup_codes: string;
  person_id: string;
  verified: number | null;
  failed_verification_count: number | null;
  locked_until: string | null;
  /** The time step of the last code that was accepted: no code of it, or of one before, counts again. */
  last_step: number;
};

export type ProjectMemberTable = { project_id: string; person_id: string; role: string; created_at: number };

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

export type OneTimeLinkTable = {
  /** SHA-256 of the link's token, base64url. */
  token_hash: string;
  purpose: string;
  /** Null for the setup link, which makes a person. */
  person_id: string | null;
  created_at: number;
  /** Null for the setup link, which lives until the next start. */
  expires_at: number | null;
};
