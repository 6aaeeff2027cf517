// Original file: packages/protocol/src/pod.proto


export interface CallMessage {
  'call'?: (number);
  'json'?: (string);
}

export interface CallMessage__Output {
  'call': (number);
  'json': (string);
}
