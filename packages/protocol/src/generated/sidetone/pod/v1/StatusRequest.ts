// Original file: packages/protocol/src/pod.proto


export interface StatusRequest {
}

export interface StatusRequest__Output {
}
