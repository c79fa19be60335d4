"""Baseline (a): the paper's protocols as an ordinary PyTorch script trains them. Nothing in it is slow on purpose.

float32, torchvision's transforms image by image in a DataLoader with two workers, torch's default threads, the loss
read out at each step.
"""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms


def cnn8():
    """The paper's 8-layer CNN as one writes it down."""
    layers, channels = [], 3
    for width in (64, 128, 196):
        for _ in range(2):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    head = [nn.Linear(196 * 4 * 4, 256), nn.BatchNorm1d(256), nn.ReLU(inplace=True), nn.Linear(256, 10)]
    return nn.Sequential(*layers, nn.Flatten(), *head)


def cnn4():
    """The paper's 4-layer CNN, for MNIST."""
    layers, channels = [], 1
    for width in (32, 64):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        layers.append(nn.MaxPool2d(2))
        channels = width
    head = [nn.Linear(64 * 7 * 7, 128), nn.BatchNorm1d(128), nn.ReLU(inplace=True), nn.Linear(128, 10)]
    return nn.Sequential(*layers, nn.Flatten(), *head)


PROTOCOLS = {
    "cnn8": {
        "network": cnn8,
        "mean": (0.4914, 0.4822, 0.4465),
        "std": (0.2470, 0.2435, 0.2616),
        "augment": True,
        "decay": 1e-4,
    },
    "cnn4": {"network": cnn4, "mean": (0.1307,), "std": (0.3081,), "augment": False, "decay": 1e-3},
}


class Images(Dataset):
    """uint8 images (N, H, W, C) and labels as torchvision's CIFAR-10 and MNIST give them."""

    def __init__(self, images, labels, protocol):
        self.images, self.labels = images.numpy(), labels.tolist()
        crop_and_flip = [transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip()]
        self.transform = transforms.Compose(
            [
                transforms.ToPILImage(),
                *(crop_and_flip if protocol["augment"] else ()),
                transforms.ToTensor(),
                transforms.Normalize(protocol["mean"], protocol["std"]),
            ]
        )

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(self.images[index]), self.labels[index]


def steps(images, labels, device, network):
    """Train for ever; yields the number of steps taken, after each."""
    protocol = PROTOCOLS[network]
    data = Images(images, labels, protocol)
    loader = DataLoader(data, batch_size=128, shuffle=True, num_workers=2, pin_memory=device == "cuda", drop_last=True)
    model = protocol["network"]().to(device)
    criterion = nn.CrossEntropyLoss()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=protocol["decay"])
    running = 0.0
    while True:
        for pixels, given in loader:
            pixels, given = pixels.to(device), given.to(device)
            optimiser.zero_grad()
            loss = criterion(model(pixels), given)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            running += loss.item()
            yield 1
