import admin from './admin'
import audit from './audit'
import ofCase from './case'
import shell from './shell'
import work from './work'

export default {
  shell,
  ...work,
  ...ofCase,
  desk: { ...work.desk, ...admin.desk, ...ofCase.desk },
  record: { ...work.record, ...ofCase.record },
  audit,
}
