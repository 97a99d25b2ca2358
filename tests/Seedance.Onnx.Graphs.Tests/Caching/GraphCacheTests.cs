using Seedance.Onnx.Graphs.Caching;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Caching;

[Trait("Tier", "Unit")]
public sealed class GraphCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _made;

    [Fact]
    public void GetOrMake_SecondTime_IsTheSameFile()
    {
        GraphCache cache = new(_folder.PathOf("cache"));

        string first = cache.GetOrMake("key", Make), second = cache.GetOrMake("key", Make);

        Assert.Equal(first, second);
        Assert.Equal(1, _made);
        Assert.Equal(TinyModels.Linear().ToBytes(), File.ReadAllBytes(first));
        Assert.Single(Directory.GetDirectories(_folder.PathOf("cache")));
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("changed")]
    [InlineData("gone")]
    [InlineData("no manifest")]
    [InlineData("bad manifest")]
    [InlineData("empty manifest")]
    public void GetOrMake_EntryThatIsNotWhole_IsMadeAgain(string damage)
    {
        GraphCache cache = new(_folder.PathOf("cache"));
        string path = cache.GetOrMake("key", Make), manifest = Path.Combine(Path.GetDirectoryName(path)!, "entry.json");
        byte[] bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "cut": File.WriteAllBytes(path, bytes[..^1]); break;
            case "changed": bytes[^1] ^= 1; File.WriteAllBytes(path, bytes); break;
            case "gone": File.Delete(path); break;
            case "no manifest": File.Delete(manifest); break;
            case "bad manifest": File.WriteAllText(manifest, "{\"model.onnx\": "); break;
            default: File.WriteAllText(manifest, "{}"); break;
        }

        string again = cache.GetOrMake("key", Make);

        Assert.Equal(2, _made);
        Assert.Equal(TinyModels.Linear().ToBytes(), File.ReadAllBytes(again));
    }

    [Fact]
    public void GetOrMake_MakingFails_LeavesNothing()
    {
        GraphCache cache = new(_folder.PathOf("cache"));

        Assert.Throws<ModelFileException>(() => cache.GetOrMake("key", () => throw new ModelFileException("m", "must fit, but does not.")));

        Assert.False(Directory.Exists(_folder.PathOf("cache")) && Directory.EnumerateFileSystemEntries(_folder.PathOf("cache")).Any());
    }

    [Fact]
    public void GetOrMake_Cancelled_LeavesNothing()
    {
        GraphCache cache = new(_folder.PathOf("cache"));

        Assert.Throws<OperationCanceledException>(() => cache.GetOrMake("key", Make, new CancellationToken(canceled: true)));

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.PathOf("cache")));
    }

    [Fact]
    public void KeyOf_AnyDifference_ChangesTheKey()
    {
        Dictionary<string, string> sources = new(StringComparer.Ordinal) { ["transformer"] = "aa", ["vae_decoder"] = "bb" };
        Dictionary<string, string> others = new(StringComparer.Ordinal) { ["vae_decoder"] = "bb", ["transformer"] = "ab" };

        string[] keys =
        [
            GraphCache.KeyOf(sources, "cpu", "1.29.0"), GraphCache.KeyOf(others, "cpu", "1.29.0"), GraphCache.KeyOf(sources, "cuda", "1.29.0"),
            GraphCache.KeyOf(sources, "cpu", "1.30.0"), GraphCache.KeyOf(sources, "cpu1.29.0"), GraphCache.KeyOf(sources),
        ];

        Assert.Equal(keys.Length, keys.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(keys[0], GraphCache.KeyOf(sources.Reverse().ToDictionary(StringComparer.Ordinal), "cpu", "1.29.0"));
    }

    [Fact]
    public void HashFiles_ExternalValueChanged_ChangesTheHash()
    {
        string path = _folder.PathOf("m.onnx");
        TinyModels.Linear().Save(path, new OnnxWriteOptions { InlineLimitBytes = 0 });
        string before = GraphCache.HashFiles(path);
        byte[] data = File.ReadAllBytes(path + ".data");
        data[100] ^= 1;
        File.WriteAllBytes(path + ".data", data);

        Assert.NotEqual(before, GraphCache.HashFiles(path));
    }

    public void Dispose() => _folder.Dispose();

    private OnnxModel Make()
    {
        _made++;
        return TinyModels.Linear();
    }
}
