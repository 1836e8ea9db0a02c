import type { Content } from './copy-parts.ts';

/** Where backups are: a folder, or a prefix of a bucket. Each backup has a name. */
export type BackupPlace = {
  /** How messages refer to a backup. */
  describe(name: string): string;
  /** Returns the names of all backups, incomplete ones too, oldest first. */
  list(): Promise<string[]>;
  /** Returns a small file of a backup; undefined if there is none. */
  readText(name: string, path: string): Promise<string | undefined>;
  /** Returns a file of a backup. Rejects if there is none. */
  read(name: string, path: string): Promise<Content>;
  /** Stores a file, on disk when the promise resolves. */
  write(name: string, path: string, content: Content, bytes: number): Promise<void>;
  /** Stores a small file so that it is there as a whole or not at all. */
  publish(name: string, path: string, text: string): Promise<void>;
  remove(name: string, path?: string): Promise<void>;
};
