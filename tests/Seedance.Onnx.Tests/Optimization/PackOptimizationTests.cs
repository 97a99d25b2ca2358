using System.Text.Json.Nodes;
using Seedance.Onnx.Graphs.Precision;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Optimization;

/// <summary>Whole packs, rewritten into packs that work.</summary>
[Trait("Tier", "Graph")]
public sealed class PackOptimizationTests : IDisposable
{
    private static readonly string Pack = RepositoryFolder.PathOf("tests", "Shared", "tiny-pack");

    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.PathOf("pack");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task OptimizeAsync_WholePack_IsAPackThatMakesTheSameVideo()
    {
        ModelOptimization result = await ModelOptimizer.OptimizeAsync(new ModelOptimizationRequest { Input = Pack, Output = Output });

        ModelPack pack = ModelPack.Open(Output);
        pack.VerifyFiles();
        Assert.Equal(["tokenizer", "text_encoder", "transformer", "vae_decoder"], result.Graphs.Select(graph => graph.Graph));
        Assert.All(result.Graphs.SelectMany(graph => graph.Differences), output => Assert.InRange(output.RelativeRms, 0, 1e-4));
        Assert.Equal<long>([2, 9, 2, 8, 12], result.Graphs[2].Shapes["hidden_states"]);
        Assert.EndsWith(" Optimised for cpu.", pack.Contract.Description, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(Pack, "README.md")), await File.ReadAllTextAsync(Path.Combine(Output, "README.md")));
        byte[] before = await PixelsOf(Pack), after = await PixelsOf(Output);
        Assert.All(before.Zip(after), pair => Assert.InRange(pair.Second - pair.First, -1, 1));
        Assert.Equal(["pack"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task OptimizeAsync_WanPack_MakesTheSameVideoWithFusedGraphs()
    {
        ModelOptimization result = await ModelOptimizer.OptimizeAsync(new ModelOptimizationRequest { Input = WanRun.Pack, Output = Output });

        Assert.Equal(["tokenizer", "text_encoder", "vae_encoder", "transformer", "vae_decoder"], result.Graphs.Select(graph => graph.Graph));
        Assert.All(result.Graphs.SelectMany(graph => graph.Differences), output => Assert.InRange(output.RelativeRms, 0, 1e-4));
        Assert.Equal(4, result.Graphs[3].Passes.Passes.Single(pass => pass.Pass == "attention").Changes);
        byte[] after = await PixelsOf(Output, WanRun.Request);
        Assert.All(WanRun.Frames.Zip(after), pair => Assert.InRange(pair.Second - pair.First, -1, 1));
    }

    [Fact]
    public async Task OptimizeAsync_OneRole_LeavesTheOthersByteForByte()
    {
        ModelOptimization result = await ModelOptimizer.OptimizeAsync(
            new ModelOptimizationRequest { Input = Pack, Output = Output, Precision = GraphPrecision.Float16, Roles = ["transformer"] });

        JsonObject before = Contract(Pack), after = Contract(Output);
        string[] changed = [.. before["files"]!.AsObject().Where(file => (string)file.Value! != (string?)after["files"]![file.Key]).Select(file => file.Key)];
        Assert.Equal(["transformer/model.onnx"], changed);
        Assert.Equal("transformer", Assert.Single(result.Graphs).Graph);
        Assert.EndsWith(" Optimised for cpu; transformer in fp16.", (string?)after["description"], StringComparison.Ordinal);
        Assert.Equal(before.Select(entry => entry.Key), after.Select(entry => entry.Key));
    }

    [Fact]
    public async Task OptimizeAsync_FolderThatExists_IsReplacedOnlyIfItIsAPackOrEmpty()
    {
        string mine = _folder.PathOf("pack", "mine.txt");
        Directory.CreateDirectory(Output);
        await File.WriteAllTextAsync(mine, "mine");
        ModelOptimizationRequest request = new() { Input = Pack, Output = Output, Overwrite = true, Roles = ["vae_decoder"], Samples = 0 };

        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(() => ModelOptimizer.OptimizeAsync(request));
        string kept = await File.ReadAllTextAsync(mine);
        File.Delete(mine);
        await ModelOptimizer.OptimizeAsync(request);
        await ModelOptimizer.OptimizeAsync(request);

        Assert.Contains("must be a pack or empty", Assert.Single(error.Problems), StringComparison.Ordinal);
        Assert.Equal("mine", kept);
        ModelPack.Open(Output).VerifyFiles();
    }

    [Fact]
    public async Task OptimizeAsync_UnknownRoleAndShapes_AreRefused()
    {
        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(() => ModelOptimizer.OptimizeAsync(
            new ModelOptimizationRequest { Input = Pack, Output = Output, Roles = ["painter"], Shapes = Graphs.Shapes.ShapeBindings.None.WithAxis("B", 1) }));

        Assert.Equal(2, error.Problems.Count);
        Assert.Contains("for a graph's file only", error.Problems[0], StringComparison.Ordinal);
        Assert.Contains("'painter' must be one of", error.Problems[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task OptimizeAsync_DamagedPack_IsRefused()
    {
        string copy = _folder.PathOf("damaged");
        foreach (string file in Directory.EnumerateFiles(Pack, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(copy, Path.GetRelativePath(Pack, file));
            _ = Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        await File.AppendAllTextAsync(Path.Combine(copy, "transformer", "model.onnx"), "x");

        await Assert.ThrowsAsync<ModelPackException>(() => ModelOptimizer.OptimizeAsync(new ModelOptimizationRequest { Input = copy, Output = Output }));
        Assert.Equal(["damaged"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    private static JsonObject Contract(string pack) => JsonNode.Parse(File.ReadAllText(Path.Combine(pack, "seedance.json")))!.AsObject();

    private static async Task<byte[]> PixelsOf(string folder, VideoRequest? request = null)
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder);
        List<byte> pixels = [];
        await foreach (Media.VideoFrame frame in pipeline.GenerateAsync(request ?? new VideoRequest { Prompt = "a red ball", Seed = 3 }))
        {
            pixels.AddRange(frame.Pixels.Span);
        }

        return [.. pixels];
    }
}
