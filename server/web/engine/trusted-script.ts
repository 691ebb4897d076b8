/** Addresses of workers, as `new Worker` takes them under the pages' Content-Security-Policy. */

/** Trusted Types, where a browser has them: https://www.w3.org/TR/trusted-types/. */
interface ScriptPolicy {
  createScriptURL(url: string): string;
}
declare const trustedTypes:
  { createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): ScriptPolicy } | undefined;

/** Trusts one address and no other. To be called once on each thread: the policy's name may be taken once there. */
export function createTrust(address: string): () => string {
  let policy: ScriptPolicy | undefined;
  return () => {
    if (typeof trustedTypes === 'undefined') return address;
    policy ??= trustedTypes.createPolicy('blindmark', {
      createScriptURL: (url) => {
        if (url !== address) throw new TypeError('No other script is started as a worker');
        return url;
      },
    });
    return policy.createScriptURL(address);
  };
}
