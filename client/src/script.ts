import { Appflow, AppflowError } from './index.ts';

// The build for a script tag, where there are no imports: the classes become globals.
Object.assign(globalThis, { Appflow, AppflowError });
