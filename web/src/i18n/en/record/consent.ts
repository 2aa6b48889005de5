export default {
  consent: {
    withdraw: {
      ask: 'Withdraw consent',
      title: 'Withdraw consent to recording',
      means:
        'Recording stops at once and does not start again in this call; the call continues. What was recorded before is kept under the consent given.',
      ends: 'This item can only be handled by call if it is recorded: the call ends at once. What was recorded before is kept under the consent given.',
      go: 'Withdraw and stop recording',
      go_end: 'Withdraw and end the call',
      leave: 'Keep recording',
      waits:
        'The connection is down and this has not arrived yet. Recording stops as soon as it is back; do not close this page.',
    },
    title: 'Notice about recording',
    who: 'Read it to the applicant, or let the applicant read it.',
    language: 'Language of the notice',
    agree: 'The applicant agrees',
    disagree: 'The applicant does not agree',
    version: 'Version {version} of the notice',
    given: 'Recording agreed',
    refused: 'Recording not agreed',
    taken_back: 'Consent to recording withdrawn',
    missing: 'Recording notice not given',
    ask: 'Notice about recording',
    ask_again: 'Give it again',
    no_call: 'Without recording this item cannot be handled by call',
    if_refused: {
      not_recorded: 'If not agreed, this call is not recorded',
      no_call: 'If not agreed, this item cannot be handled by call',
    },
    closed: 'The case is archived; no more calls',
    opening: 'Loading the notice',
  },
}
