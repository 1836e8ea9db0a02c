// The same with more trials.
import '../postgres/revocation.test.ts';
