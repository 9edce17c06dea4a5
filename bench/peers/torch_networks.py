"""The networks of torch_cpu.py, written in several ways. Its documentation says what they compute."""

import math

import torch

BLOCK = 16


def uniform(salt, first, count, scale):
    """Elements first ... first + count - 1 of a sequence in [-scale, scale) by Murmur's hash of the index, in 32-bit arithmetic."""
    h = torch.arange(first, first + count, dtype=torch.int64) * 0x9E3779B1 + salt * 0x85EBCA77 & 0xFFFFFFFF
    h = (h ^ h >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    h = h ^ h >> 16
    return (((h >> 8).double() / 2**24 - 0.5) * (2 * scale)).float()


class Network:
    """What all networks share: x_0, a target, and biases b_1 ... b_L."""

    def __init__(self, batch, d, depth):
        self.d, self.depth, self.h = d, depth, 1 / depth
        self.x = uniform(1, 0, batch * d, 1).view(batch, d)
        self.target = uniform(2, 0, batch * d, 1).view(batch, d)
        self.bias = torch.stack([uniform(100_000 + l, 0, d, 0.1) for l in range(1, depth + 1)]).requires_grad_()

    def parameters(self):
        return [self.bias]

    def gradient(self):
        for p in self.parameters():
            p.grad = None
        loss = torch.nn.functional.mse_loss(self.forward(), self.target)
        loss.backward()
        return loss

    def checked(self):
        """Gradients of the first, a middle and the last layer."""
        n = self.depth
        return [g for l in (1, (n + 1) // 2, n) for g in self.layer_gradients(l)]

    def layer_gradients(self, l):
        return [self.bias.grad[l - 1]]

    def prepare_gradients(self):
        """For a backward pass that is written by hand."""
        for p in self.parameters():
            p.requires_grad_(False)
            p.grad = torch.empty_like(p)


class Dense(Network):
    """A subclass keeps the kernel in its own layout."""

    def kernel(self, l, first, last):
        """K_{l,k} for k = first ... last - 1, one below the other."""
        d = self.d
        return uniform(100 + l, first * d * d, (last - first) * d * d, math.sqrt(3 / d)).view(-1, d)

    def layer_gradients(self, l):
        return [*super().layer_gradients(l), self.kernel_gradient(l, 0), self.kernel_gradient(l, l - 1)]


class Concat(Dense):
    def __init__(self, *size):
        super().__init__(*size)
        self.kernels = [self.kernel(l, 0, l).requires_grad_() for l in range(1, self.depth + 1)]

    def parameters(self):
        return [self.bias, *self.kernels]

    def forward(self):
        z = [torch.tanh(self.x)]
        for k, b in zip(self.kernels, self.bias.unbind()):
            x = torch.addmm(self.x + b, torch.cat(z, 1), k, alpha=self.h)
            z.append(torch.tanh(x))
        return x

    def kernel_gradient(self, l, k):
        return self.kernels[l - 1].grad[k * self.d:(k + 1) * self.d]


class Compiled(Concat):
    def __init__(self, *size):
        super().__init__(*size)
        self.forward = torch.compile(super().forward)


class Blocked(Dense):
    def __init__(self, *size):
        super().__init__(*size)
        n = self.depth
        self.near = [self.kernel(l, self.start(l), l).requires_grad_() for l in range(1, n + 1)]
        self.far = [
            torch.cat([self.kernel(l, s, s + BLOCK) for l in range(s + BLOCK + 1, n + 1)], 1).requires_grad_()
            for s in range(0, n - BLOCK, BLOCK)
        ]

    @staticmethod
    def start(l):
        """The first layer of the block that layer l - 1 lies in."""
        return (l - 1) // BLOCK * BLOCK

    def parameters(self):
        return [self.bias, *self.near, *self.far]

    def forward(self):
        d, z = self.d, []
        sums = self.x.repeat(1, self.depth) + self.bias.view(-1)
        x = self.x
        for l in range(1, self.depth + 1):
            s = self.start(l)
            z.append(torch.tanh(x))
            x = torch.addmm(sums[:, (l - 1 - s) * d:(l - s) * d], torch.cat(z, 1), self.near[l - 1], alpha=self.h)
            if l % BLOCK == 0 and l < self.depth:
                sums = torch.addmm(sums[:, BLOCK * d:], torch.cat(z, 1), self.far[s // BLOCK], alpha=self.h)
                z = []
        return x

    def kernel_gradient(self, l, k):
        d, s = self.d, self.start(l)
        if k >= s:
            return self.near[l - 1].grad[(k - s) * d:(k - s + 1) * d]
        j = k // BLOCK
        column, row = (l - 1 - (j + 1) * BLOCK) * d, (k - j * BLOCK) * d
        return self.far[j].grad[row:row + d, column:column + d]


class Buffer(Concat):
    def __init__(self, *size):
        super().__init__(*size)
        self.z = torch.empty(self.x.shape[0], self.depth * self.d)
        self.dz = torch.empty_like(self.z)
        self.prepare_gradients()

    def forward(self):
        d, x = self.d, self.x
        for l, k in enumerate(self.kernels, 1):
            torch.tanh(x, out=self.z[:, (l - 1) * d:l * d])
            x = torch.addmm(self.x + self.bias[l - 1], self.z[:, :l * d], k, alpha=self.h)
        return x

    def gradient(self):
        d = self.d
        error = self.forward() - self.target
        costate = error * (2 / error.numel())
        self.dz.zero_()
        for l in range(self.depth, 0, -1):
            if l < self.depth:
                z = self.z[:, l * d:(l + 1) * d]
                costate = self.dz[:, l * d:(l + 1) * d] * (1 - z * z)
            torch.sum(costate, 0, out=self.bias.grad[l - 1])
            scaled = costate * self.h
            torch.mm(self.z[:, :l * d].T, scaled, out=self.kernels[l - 1].grad)
            self.dz[:, :l * d].addmm_(scaled, self.kernels[l - 1].T)
        return error.square().mean()


class Fractional(Network):
    def __init__(self, *size):
        super().__init__(*size)
        a = 0.5
        self.c = [0.0] + [self.h**a / math.gamma(a + 1) * (m**a - (m - 1)**a) for m in range(1, self.depth + 1)]


class Loop(Fractional):
    def forward(self):
        x, f = self.x, []
        for l, b in enumerate(self.bias.unbind(), 1):
            f.append(torch.tanh(x))
            x = self.x + b
            for k in range(l):
                x = x + self.c[l - k] * f[k]
        return x


class History(Fractional):
    def __init__(self, *size):
        super().__init__(*size)
        self.z = torch.empty(self.depth, self.x.numel())
        self.costates = torch.empty_like(self.z)
        self.forwards = torch.tensor(self.c[1:])  # c_1 ... c_L
        self.backwards = self.forwards.flip(0)
        self.prepare_gradients()

    def forward(self):
        x = self.x
        for l in range(1, self.depth + 1):
            torch.tanh(x.view(-1), out=self.z[l - 1])
            source = (self.x + self.bias[l - 1]).view(-1)
            x = torch.addmv(source, self.z[:l].T, self.backwards[self.depth - l:]).view_as(self.x)
        return x

    def gradient(self):
        error = self.forward() - self.target
        costate = error.view(-1) * (2 / error.numel())
        for l in range(self.depth, 0, -1):
            if l < self.depth:
                z = self.z[l]
                costate = torch.mv(self.costates[l:].T, self.forwards[:self.depth - l]).mul_(1 - z * z)
            self.costates[l - 1] = costate
            torch.sum(costate.view_as(self.x), 0, out=self.bias.grad[l - 1])
        return error.square().mean()


VARIANTS = {
    "dense": {"concat": Concat, "compiled": Compiled, "blocked": Blocked, "buffer": Buffer},
    "fractional": {"loop": Loop, "buffer": History},
}
