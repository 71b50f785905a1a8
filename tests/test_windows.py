"""Windows: each step of each song once, never a look into another song, and next to no memory."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import BatchSampler, DataLoader, RandomSampler

from melodies import one_clear_line
from tunesmith.learn.windows import Windows, one_hot
from tunesmith.tokens.vocabulary import DELIMITER, Vocabulary

VOCABULARY = Vocabulary(["_", "r", "60", "62", "64"])
SONGS = ["60 _ 62 _ 64 _ _ _", "62", "", "64 r _ 60 62 64"]
ENDS = [8, 10, 11, 18]  # the places of the songs' ends among the targets
END = VOCABULARY.ids([DELIMITER])[0]


def slowly(songs, length, vocabulary=VOCABULARY):
    """All windows and targets as tokens, by the definition: each song alone, delimiters before it."""
    pairs = []
    for song in songs:
        tokens = [*song.split(), DELIMITER]
        for place, target in enumerate(tokens):
            before = [DELIMITER] * length + tokens[:place]
            pairs.append((before[-length:], target))
    windows = torch.tensor([vocabulary.ids(window).tolist() for window, _ in pairs])
    return windows, torch.tensor([int(vocabulary.ids([target])[0]) for _, target in pairs])


def test_by_hand():
    windows = Windows(VOCABULARY, ["60 _", "62"], 3)
    found = [(VOCABULARY.tokens(ids), *VOCABULARY.tokens([target])) for ids, target in map(windows.ids, range(5))]
    assert found == [
        (["/", "/", "/"], "60"),
        (["/", "/", "60"], "_"),
        (["/", "60", "_"], "/"),
        (["/", "/", "/"], "62"),  # nothing of the song before
        (["/", "/", "62"], "/"),
    ]


@pytest.mark.parametrize("length", [1, 2, 5, 64])
def test_every_step_of_every_song_is_a_target_once_and_in_order(length):
    windows = Windows(VOCABULARY, SONGS, length)
    targets = [int(windows[i][1]) for i in range(len(windows))]
    expected = [token for song in SONGS for token in [*song.split(), DELIMITER]]
    assert VOCABULARY.tokens(targets) == expected
    assert [i for i, target in enumerate(targets) if target == END] == ENDS


@given(
    st.lists(
        st.lists(st.sampled_from(["_", "r", "60", "62", "64"]), max_size=12).map(" ".join), min_size=1, max_size=6
    ),
    st.integers(1, 20),
    st.randoms(use_true_random=False),
)
def test_equal_to_materialising_everything(songs, length, chance):
    windows = Windows(VOCABULARY, songs, length)
    ids, targets = slowly(songs, length)
    assert len(windows) == len(targets)
    assert torch.equal(windows.ids(slice(None))[0], ids)
    x, y = windows[:]
    assert torch.equal(x, one_hot(ids, len(VOCABULARY))) and torch.equal(y, targets)
    places = [chance.randrange(-len(windows), len(windows)) for _ in range(7)]
    x, y = windows[places]
    assert torch.equal(x.argmax(-1), ids[places]) and torch.equal(y, targets[places])
    x, y = windows[places[0]]
    assert torch.equal(x.argmax(-1), ids[places[0]]) and y == targets[places[0]]


def test_shapes_and_dtypes():
    windows = Windows(VOCABULARY, SONGS, 7)
    x, y = windows[3]
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((7, 6), torch.float32, (), torch.int64)
    assert torch.equal(x.sum(1), torch.ones(7)) and set(x.unique().tolist()) == {0, 1}
    for places in (
        [3, 0, 5],
        torch.tensor([3, 0, 5]),
        (3, 0, 5),
        slice(2, 5),
        torch.tensor([3, 0, 5], dtype=torch.uint8),
    ):
        x, y = windows[places]
        assert (x.shape, x.dtype, y.shape, y.dtype) == ((3, 7, 6), torch.float32, (3,), torch.int64)
        ids, targets = windows.ids(places)
        assert (ids.shape, ids.dtype) == ((3, 7), torch.int64) and torch.equal(targets, y)
    assert Windows(VOCABULARY, SONGS)[0][0].shape == (64, 6)


def test_indices_are_those_of_a_list():
    windows = Windows(VOCABULARY, SONGS, 4)
    count = len(windows)
    assert count == 19
    _, targets = windows[list(range(count))]
    for index in (slice(None), slice(3, 9), slice(-4, None), slice(None, None, 5), slice(9, 3), slice(None, None, -1)):
        x, y = windows[index]
        assert y.tolist() == targets.tolist()[index] and x.shape == (len(y), 4, 6)
    for place in range(count):
        assert torch.equal(windows[place - count][0], windows[place][0])
        assert windows[place - count][1] == windows[place][1]
    assert windows[[]][0].shape == (0, 4, 6)
    assert len(list(windows)) == count  # a loop over it ends


@pytest.mark.parametrize("index", [19, -20, 10**6, [0, 19], torch.tensor([-20, 3])])
def test_an_index_outside(index):
    with pytest.raises(IndexError) as error:
        Windows(VOCABULARY, SONGS, 4)[index]
    one_clear_line(error.value, "19 windows", "0 to 18")


def test_the_index_is_not_changed():
    places = torch.tensor([-1, 2])
    Windows(VOCABULARY, SONGS, 4)[places]
    assert places.tolist() == [-1, 2]


@pytest.mark.parametrize(
    "songs, length, words",
    [([], 64, ["no songs"]), (SONGS, 0, ["length 0", "1 or more"]), (["60 66"], 4, ["'66'", "near it"])],
)
def test_bad_input(songs, length, words):
    with pytest.raises(ValueError) as error:
        Windows(VOCABULARY, songs, length)
    one_clear_line(error.value, *words)


def test_in_a_data_loader_that_asks_for_whole_batches():
    windows = Windows(VOCABULARY, SONGS * 9, 5)
    seen = []

    def epoch(generator):
        sampler = BatchSampler(RandomSampler(windows, generator=generator), 64, drop_last=False)
        return list(DataLoader(windows, sampler=sampler, batch_size=None))

    batches = epoch(torch.Generator().manual_seed(1))
    assert [len(y) for _, y in batches] == [64, 64, 19 * 9 - 128]
    assert all(x.shape == (len(y), 5, 6) and x.dtype == torch.float32 for x, y in batches)
    for x, y in batches:
        seen += [(*row, int(target)) for row, target in zip(x.argmax(-1).tolist(), y, strict=True)]
    ids, targets = slowly(SONGS * 9, 5)
    assert sorted(map(str, seen)) == sorted(str((*r, int(t))) for r, t in zip(ids.tolist(), targets, strict=True))
    again, other = epoch(torch.Generator().manual_seed(1)), epoch(torch.Generator().manual_seed(2))
    assert all(torch.equal(a[0], b[0]) for a, b in zip(batches, again, strict=True))
    assert not torch.equal(batches[0][0], other[0][0])


def test_in_a_data_loader_that_batches_by_itself():
    windows = Windows(VOCABULARY, SONGS, 5)
    ids, targets = slowly(SONGS, 5)
    batches = list(DataLoader(windows, batch_size=8))
    assert [x.shape for x, _ in batches] == [(8, 5, 6), (8, 5, 6), (3, 5, 6)]
    assert torch.equal(torch.cat([x for x, _ in batches]).argmax(-1), ids)
    assert torch.equal(torch.cat([y for _, y in batches]), targets)


def test_batches_hold_every_window_once():
    windows = Windows(VOCABULARY, SONGS, 5)
    ids, targets = slowly(SONGS, 5)
    plain = list(windows.batches(8))
    assert torch.equal(torch.cat([batch.inputs for batch in plain]), one_hot(ids, 6))
    assert torch.equal(torch.cat([batch.targets for batch in plain]), targets)
    assert [batch.count for batch in plain] == [8, 8, 3]
    chance = torch.Generator().manual_seed(1)
    first, second = (torch.cat([batch.inputs.argmax(-1) for batch in windows.batches(8, chance)]) for _ in "ab")
    assert sorted(first.tolist()) == sorted(ids.tolist()) == sorted(second.tolist())
    assert not torch.equal(first, ids) and not torch.equal(first, second)
    again = torch.cat([batch.inputs.argmax(-1) for batch in windows.batches(8, torch.Generator().manual_seed(1))])
    assert torch.equal(first, again)


def test_a_large_vocabulary_and_one_that_just_fits_a_byte():
    for count in (254, 255, 256, 300):
        vocabulary = Vocabulary(map(str, range(count)))
        song = f"{count - 1} 0 {count - 2} 253"
        ids, targets = slowly([song], 3, vocabulary)
        x, y = Windows(vocabulary, [song], 3)[:]
        assert torch.equal(x.argmax(-1), ids) and torch.equal(y, targets) and x.shape == (5, 3, count + 1)


def test_the_memory_is_a_byte_a_step_and_a_little():
    """As many songs and steps as the training songs of the Essen collection `erk`."""
    vocabulary = Vocabulary(["_", "r", *map(str, range(48, 87))])
    chance = torch.Generator().manual_seed(0)
    lengths = torch.randint(60, 200, (1424,), generator=chance).tolist()
    songs = [" ".join(["60", "_", "r", "62"] * (n // 4) + ["64"] * (n % 4)) for n in lengths]
    windows = Windows(vocabulary, songs, 64)
    steps = sum(lengths) + len(songs)
    assert len(windows) == steps > 150_000
    materialised = steps * 64 * len(vocabulary) * 4
    assert windows.nbytes < 5_000_000 and materialised > 500 * windows.nbytes
    assert windows.nbytes - steps < 20_000  # one byte for each id
    held = {id(value): value.nbytes for value in vars(windows).values() if isinstance(value, torch.Tensor)}
    assert sum(held.values()) == windows.nbytes
    assert not any(isinstance(value, list | tuple | dict) for value in vars(windows).values())


def test_one_hot():
    assert one_hot(torch.tensor([[2, 0]]), 3).tolist() == [[[0, 0, 1], [1, 0, 0]]]
    assert one_hot(torch.tensor(1), 2).tolist() == [0, 1]
    assert one_hot(torch.tensor([0]), 4).dtype == torch.float32
