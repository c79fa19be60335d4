"""Baseline (a): the paper's protocol as an ordinary PyTorch script trains it. Nothing in it is slow on purpose.

float32, torchvision's transforms image by image in a DataLoader with two workers, torch's default threads, the loss
read out at each step.
"""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def network():
    """The paper's 8-layer CNN as one writes it down."""
    layers, channels = [], 3
    for width in (64, 128, 196):
        for _ in range(2):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    head = [nn.Linear(196 * 4 * 4, 256), nn.BatchNorm1d(256), nn.ReLU(inplace=True), nn.Linear(256, 10)]
    return nn.Sequential(*layers, nn.Flatten(), *head)


class Images(Dataset):
    """uint8 images (N, 32, 32, 3) and labels as torchvision's CIFAR-10 gives them."""

    def __init__(self, images, labels):
        self.images, self.labels = images.numpy(), labels.tolist()
        self.transform = transforms.Compose(
            [
                transforms.ToPILImage(),
                transforms.RandomCrop(32, padding=4),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize(MEAN, STD),
            ]
        )

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transform(self.images[index]), self.labels[index]


def steps(images, labels, device):
    """Train for ever; yields the number of steps taken, after each."""
    loader = DataLoader(
        Images(images, labels), batch_size=128, shuffle=True, num_workers=2, pin_memory=device == "cuda", drop_last=True
    )
    model = network().to(device)
    criterion = nn.CrossEntropyLoss()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
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
