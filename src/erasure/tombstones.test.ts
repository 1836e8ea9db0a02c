import assert from 'node:assert/strict';
import { it } from 'node:test';
import { cleanUp } from '../../test/support/clean-up.ts';
import { initProject, makeConfig } from '../../test/support/harness.ts';
import { openControlServices } from '../server/open-services.ts';
import { followTombstones, saveTombstones } from './tombstones.ts';

const config = makeConfig();
const { app_id: appId } = await initProject(config);
const services = await openControlServices(config);
cleanUp(services.close);
const { control, tombstones, erasureKey } = services;
const following = followTombstones(services);
cleanUp(following.stop);

const erase = (user: string, until: number) =>
  control.write(
    async () => {},
    ({ tx }) => saveTombstones(tx, [{ appId, mac: erasureKey.macOfUser(appId, user), until }]),
  );

it('a follower learns that someone is erased again, even if others were erased up to a later time', async () => {
  await erase('ann', 100);
  await erase('bob', 300);
  await following.refresh();
  assert.deepEqual(
    [100, 101].map((at) => tombstones.isErased(appId, 'ann', at)),
    [true, false],
  );
  await erase('ann', 200);
  await following.refresh();
  assert.deepEqual(
    [200, 201].map((at) => tombstones.isErased(appId, 'ann', at)),
    [true, false],
  );
});
