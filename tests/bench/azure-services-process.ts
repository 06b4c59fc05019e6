// Local Azure endpoints in a process of their own: fork(..., [DIRECTORY, PARTITIONS]); sends its settings.
import { localServices } from '../system/scale-out/local-services.ts';

const services = await localServices(process.argv[2]!, Number(process.argv[3]));
process.send!(services.settings);
process.once('disconnect', () => void services.close().then(() => process.exit(0)));
