import { CodeBlock } from '../../components/code-block.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { AuthLayout } from './auth-layout.tsx';

const CADDYFILE = `appflow.example.com {
  reverse_proxy 127.0.0.1:8080
}`;

/** Shown instead of a form if a password would be sent unencrypted. */
export function NeedsTls() {
  return (
    <AuthLayout title="HTTPS is required to sign in">
      <Callout tone="warn">
        This page was loaded over plain HTTP from another machine, so anyone on the network could read your
        password. Appflow does not accept it here.
      </Callout>
      <div className="grid gap-2 text-sm">
        <h2 className="font-medium">Add a TLS proxy</h2>
        <p className="text-note text-soft">For example Caddy, which gets a certificate automatically:</p>
        <CodeBlock code={CADDYFILE} what="Caddyfile" />
        <p className="text-note text-soft">Then start Appflow with its public URL:</p>
        <CodeBlock code="APPFLOW_PUBLIC_URL=https://appflow.example.com TRUSTED_PROXIES=127.0.0.1 npm start" />
      </div>
      <div className="grid gap-2 text-sm">
        <h2 className="font-medium">Or use an SSH tunnel</h2>
        <CodeBlock code={`ssh -L 8080:127.0.0.1:8080 ${window.location.hostname}`} />
        <p className="text-note text-soft">
          Then open http://127.0.0.1:8080. On a network you trust, APPFLOW_ALLOW_HTTP=1 allows plain HTTP.
        </p>
      </div>
    </AuthLayout>
  );
}
