using System.Collections.Immutable;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Ort;

[Trait("Tier", "Unit")]
public sealed class EngineCacheTests : IDisposable
{
    private static readonly ShapeProfile Shapes = Axis(new AxisRange(1, 2, 5));
    private static readonly ResolvedTarget Target = NvidiaMappingTests.Target(new TensorRtOptions());

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void KeyOf_AnythingThatAnEngineDependsOn_ChangesIt()
    {
        string[] keys =
        [
            EngineCache.KeyOf("a", Shapes, Target, ["1.29.0"]),
            EngineCache.KeyOf("b", Shapes, Target, ["1.29.0"]),
            EngineCache.KeyOf("a", Axis(new AxisRange(1, 2, 6)), Target, ["1.29.0"]),
            EngineCache.KeyOf("a", Axis(AxisRange.Fixed(2)), Target, ["1.29.0"]),
            EngineCache.KeyOf("a", Axis(AxisRange.Fixed(3)), Target, ["1.29.0"]),
            EngineCache.KeyOf("a", Shapes, NvidiaMappingTests.Target(new TensorRtOptions(), ComputePrecision.Fp16), ["1.29.0"]),
            EngineCache.KeyOf("a", Shapes, NvidiaMappingTests.Target(new TensorRtOptions { BuilderLevel = 5 }), ["1.29.0"]),
            EngineCache.KeyOf("a", Shapes, Target with { Target = Target.Target with { DeviceId = 1 } }, ["1.29.0"]),
            EngineCache.KeyOf("a", Shapes, Target, ["1.30.0"]),
        ];

        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(keys[0], EngineCache.KeyOf("a", Axis(new AxisRange(1, 2, 5)), NvidiaMappingTests.Target(new TensorRtOptions()), ["1.29.0"]));
    }

    [Fact]
    public void Prepare_SameTwice_SecondHolderGetsAFolderOfItsOwnAndTheFirstIsFreeAgainLater()
    {
        string? first, second;
        using (EngineCache one = new(_folder.Path), other = new(_folder.Path))
        {
            first = one.Prepare("transformer", "hash", Shapes, Target).Folder;
            second = other.Prepare("transformer", "hash", Shapes, Target).Folder;
        }

        using EngineCache later = new(_folder.Path);
        Assert.True(Directory.Exists(first));
        Assert.Equal($"{first}-2", second);
        Assert.Equal(first, later.Prepare("transformer", "hash", Shapes, Target).Folder);
        Assert.Empty(later.Notices);
    }

    [Fact]
    public void Prepare_OtherShapes_GetsAnotherFolder()
    {
        using EngineCache cache = new(_folder.Path);

        Assert.NotEqual(cache.Prepare("transformer", "hash", Shapes, Target).Folder, cache.Prepare("transformer", "hash", Axis(AxisRange.Fixed(2)), Target).Folder);
    }

    [Fact]
    public void Prepare_FolderThatCannotBeMade_GoesOnWithoutAndSaysSo()
    {
        string file = _folder.PathOf("file");
        File.WriteAllText(file, "");
        using EngineCache cache = new(file);

        EngineSetup setup = cache.Prepare("transformer", "hash", Shapes, Target);

        Assert.Null(setup.Folder);
        Assert.Equal(Shapes, setup.Shapes);
        Assert.Contains("'transformer' are built anew at every start", Assert.Single(cache.Notices), StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_FullDisk_GoesOnWithoutAndHoldsNothing()
    {
        using EngineCache cache = new(_folder.Path, _ => throw new IOException("No space left on device"));

        EngineSetup setup = cache.Prepare("transformer", "hash", Shapes, Target);

        Assert.Null(setup.Folder);
        Assert.Contains("No space left on device", Assert.Single(cache.Notices), StringComparison.Ordinal);
        using EngineCache later = new(_folder.Path);
        Assert.NotNull(later.Prepare("transformer", "hash", Shapes, Target).Folder);
    }

    [Fact]
    public void Prepare_NoCacheWanted_WritesNothing()
    {
        using EngineCache cache = new(_folder.Path);

        EngineSetup setup = cache.Prepare("transformer", "hash", Shapes, NvidiaMappingTests.Target(new TensorRtOptions { EngineCache = false, TimingCache = false }));

        Assert.Null(setup.Folder);
        Assert.Empty(cache.Notices);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    private static ShapeProfile Axis(AxisRange range) => new(ImmutableSortedDictionary<string, ImmutableArray<AxisRange>>.Empty.Add("x", [range]));
}
