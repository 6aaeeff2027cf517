import { fileURLToPath } from "node:url";
import { loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import type { ProtoGrpcType } from "./generated/pod.ts";

/** The options that `npm run protocol:generate` used for the types: both must agree. */
export const podPackageDefinition: PackageDefinition = loadSync(
  fileURLToPath(new URL("./pod.proto", import.meta.url)),
  {
    keepCase: true,
    longs: Number,
    defaults: true,
    oneofs: true,
  },
);

export const podPackage = (loadPackageDefinition(podPackageDefinition) as unknown as ProtoGrpcType).sidetone.pod.v1;
