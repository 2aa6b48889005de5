import admin from './admin'
import audit from './audit'
import shell from './shell'
import work from './work'

export default { shell, ...work, desk: { ...work.desk, ...admin.desk }, audit }
