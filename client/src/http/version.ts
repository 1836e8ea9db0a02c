/** How this package names itself to the server; a test holds it to package.json. */
export const SDK = 'appflow-js/0.1.0';
