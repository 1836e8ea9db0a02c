import { isInstallationOwner } from '../../accounts/account.ts';
import { ApiError } from '../../api/errors.ts';
import { defineRoute, type Route } from '../../api/route.ts';
import { describeInstallation, type InstallationServices } from './describe-installation.ts';
import { INSTALLATION_JSON } from './installation-json.ts';

const getRoute = defineRoute({
  method: 'GET',
  path: '/app/v1/installation',
  summary: 'Get the version, contents and disk of the installation',
  access: 'signed_in',
  limit: 'management',
  errors: ['exceeds_own_permissions'],
  answer: { status: 200, schema: INSTALLATION_JSON },
  async handle(services: InstallationServices, { caller }) {
    if (!(await isInstallationOwner(services.control, caller.session.person.id))) {
      throw new ApiError('exceeds_own_permissions', {
        detail: 'Only the owner of the installation, who has its oldest account, can see this. Ask them.',
      });
    }
    return describeInstallation(services);
  },
});

/** The routes of the owner of the installation. */
export const installationRoutes = [getRoute] satisfies Route<InstallationServices>[];
