"""The network's large matrix products in 8 bits, with scales fixed beforehand: a row's result depends on nothing but the row, so calls stay bit-exact
at any load. (Scales taken from the batch, as onnxruntime's dynamic quantisation has them, would tie a call to its neighbours.)

    /usr/bin/python3 quantise.py --checkpoint run/judged.pt --bank DIR --out DIR [--thresholds thresholds.json]

Activations have 8 bits, by ranges seen on calls of the training half; weights have 7 bits and a scale per column: two products of 8 by 8 bits would
overflow the 16 bits in which AVX2 adds them. Sums are whole numbers, hence the same on every processor.
"""

import argparse
import hashlib
import json
import os

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

import bank
import batches
import contract as c
import export
import model
import simulator

CALLS, HOPS = 60, 224
WIDEST = 0.9999  # share of values within an activation's range
LARGEST_WEIGHT = 63
SMALLEST_PRODUCT = 20_000  # weights; smaller matrices are not worth the conversion


def inputs_of(floor, batch):
    """What every large weight of the network is multiplied with, by the weight's name: values [n]."""
    mel = lambda name: torch.from_numpy(batch[name]).float()
    seen = {}
    with torch.no_grad():
        caller, agent = mel("caller"), mel("agent")
        steps, size = caller.shape[:2]
        frames = torch.cat([torch.zeros(size, 3, floor.shape.bands), caller.permute(1, 0, 2, 3).reshape(size, steps * 4, -1)], 1)
        x = frames.unfold(1, 5, 2).transpose(2, 3).reshape(size, steps * 2, -1)
        x = torch.relu(floor.first(x))
        window = torch.cat([torch.zeros(size, 3, floor.shape.first), x], 1).unfold(1, 5, 2).transpose(2, 3).reshape(size, steps, -1)
        seen["second.weight"] = window
        a = torch.relu(floor.agent(agent.reshape(steps, size, -1)))
        x = torch.relu(floor.second(window).transpose(0, 1) + floor.agent_to_ear(a))
        for i, gru in enumerate(floor.ears):
            seen[f"ears.{i}.weight_ih_l0"] = x
            y, _ = gru(x)
            seen[f"ears.{i}.weight_hh_l0"] = y
            x = y if i == 0 else x + y
        z = torch.relu(floor.context(mel("context")))
        joined = torch.cat([x, a, z], 2)
        seen["judge.weight_ih_l0"] = joined
        seen["judge.weight_hh_l0"] = floor.judge(joined)[0]
    return {name: value.flatten().numpy() for name, value in seen.items()}


def activation_scale(values):
    """(scale, zero point) of 8 unsigned bits."""
    low, high = np.quantile(values, 1 - WIDEST), np.quantile(values, WIDEST)
    if low >= 0:
        return np.float32(max(high, 1e-6) / 255), np.uint8(0)
    return np.float32(max(-low, high) / 127), np.uint8(128)


class Product:
    """One weight in 8 bits: `whole` [in, out] int8, `scale` and `zero` of its input, `back` [out] from whole sums to numbers."""

    def __init__(self, weight, values):
        matrix = weight.detach().numpy().T
        self.scale, self.zero = activation_scale(values)
        columns = (np.abs(matrix).max(0) / LARGEST_WEIGHT + 1e-12).astype(np.float32)
        self.whole = np.clip(np.round(matrix / columns), -LARGEST_WEIGHT, LARGEST_WEIGHT).astype(np.int8)
        self.back = columns * self.scale


class Step(model.Step):
    """The network as the rewritten graph computes it, for the golden tensors."""

    def __init__(self, floor, hearing, products):
        super().__init__(floor, hearing)
        self.by_weight = {id(dict(floor.named_parameters())[name]): product for name, product in products.items()}

    def product(self, x, weight):
        p = self.by_weight.get(id(weight))
        if p is None:
            return super().product(x, weight)
        near = torch.clamp(torch.round(x / float(p.scale)) + int(p.zero), 0, 255) - int(p.zero)
        return (near.double() @ torch.from_numpy(p.whole).double()).float() * torch.from_numpy(p.back)


def rewrite(graph, floor, products):
    """Puts `products` (by the weight's name) into 8 bits, in place. Returns how many there were."""
    stored = {x.name: numpy_helper.to_array(x) for x in graph.initializer}
    weights = {name: dict(floor.named_parameters())[name].detach().numpy().T for name in products}
    nodes, done = [], 0
    for node in graph.node:
        second = stored.get(node.input[1]) if node.op_type == "MatMul" else None
        found = None if second is None else next((name for name, w in weights.items() if w.shape == second.shape and np.array_equal(w, second)), None)
        if found is None:
            nodes.append(node)
            continue
        product, p = products[found], f"{found}.{done}"
        for suffix, array in (("whole", product.whole), ("back", product.back), ("even", np.int8(0)), ("scale", product.scale), ("zero", product.zero)):
            graph.initializer.append(numpy_helper.from_array(np.asarray(array), f"{p}.{suffix}"))
        nodes += [
            helper.make_node("QuantizeLinear", [node.input[0], f"{p}.scale", f"{p}.zero"], [f"{p}.input"]),
            helper.make_node("MatMulInteger", [f"{p}.input", f"{p}.whole", f"{p}.zero", f"{p}.even"], [f"{p}.sum"]),
            helper.make_node("Cast", [f"{p}.sum"], [f"{p}.float"], to=onnx.TensorProto.FLOAT),
            helper.make_node("Mul", [f"{p}.float", f"{p}.back"], [node.output[0]]),
        ]
        done += 1
    del graph.node[:]
    graph.node.extend(nodes)
    used = {x for node in nodes for x in node.input}
    kept = [x for x in graph.initializer if x.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    return done


def write(floor, calls, out, name, thresholds, hearing):
    """As `export.write`, in 8 bits, with ranges from `calls`. Returns the file's path and the number of products rewritten."""
    seen = inputs_of(floor, batches.collate(calls, HOPS, False))
    parameters = dict(floor.named_parameters())
    products = {k: Product(parameters[k], v) for k, v in seen.items() if parameters[k].numel() >= SMALLEST_PRODUCT}
    path = export.write(floor, out, name, True, thresholds, Step(floor, hearing, products), hearing)
    network = onnx.load(path)
    count = rewrite(network.graph, floor, products)
    if count != len(products):
        raise RuntimeError(f"{count} of {len(products)} products were found in the graph")
    onnx.checker.check_model(network)
    onnx.save(network, path)
    described = os.path.join(out, "manifest.json")
    with open(described) as f:
        manifest = json.load(f)
    with open(path, "rb") as f:
        data = f.read()
    manifest["weights"].update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), precision="int8")
    with open(described, "w") as f:
        json.dump(manifest, f, indent=2)
        f.write("\n")
    return path, count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--bank", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--thresholds")
    parser.add_argument("--name", default="floor")
    parser.add_argument("--hearing", default="phones", choices=list(c.ALPHABETS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    floor, _ = model.load(options.checkpoint)
    floor.eval()
    sim = simulator.Simulator(*bank.load(options.bank, "training"))
    calls = [sim.call(1_000 + i, HOPS) for i in range(CALLS)]
    thresholds = None
    if options.thresholds:
        with open(options.thresholds) as f:
            thresholds = json.load(f)
    print(*write(floor, calls, options.out, options.name, thresholds, options.hearing))


if __name__ == "__main__":
    main()
