using Seedance.Onnx.Execution;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Composition;

/// <summary>What is made of a pack's graphs, and where it is kept.</summary>
[Trait("Tier", "Graph")]
public sealed class PackComposerTests : IDisposable
{
    private static readonly ResolvedTarget Cpu = ExecutionTarget.Cpu.Resolve();

    private readonly TemporaryFolder _cache = new();

    [Fact]
    public void Compose_Twice_TheSecondTimeNothingIsWritten()
    {
        ComposedGraph first = Composer(TinyPack.Folder).ComposeStep(Cpu);
        DateTime written = File.GetLastWriteTimeUtc(first.Contract.File);

        ComposedGraph second = Composer(TinyPack.Folder).ComposeStep(Cpu);

        Assert.Equal(first.Contract.File, second.Contract.File);
        Assert.Equal(written, File.GetLastWriteTimeUtc(second.Contract.File));
        Assert.True(second.IsInFile);
    }

    [Fact]
    public void Compose_OtherTarget_IsAnotherGraph()
    {
        PackComposer composer = Composer(TinyPack.Folder);

        ComposedGraph cpu = composer.ComposePixels(Cpu), tensorRt = composer.ComposePixels(new ResolvedTarget(ExecutionProvider.TensorRt, ExecutionTarget.Auto, []));

        Assert.NotEqual(cpu.Key, tensorRt.Key);
    }

    [Fact]
    public void Compose_UnverifiedFileChanged_IsAnotherGraph()
    {
        using TemporaryFolder folder = new();
        TinyPack.CopyTo(folder);
        string before = Composer(folder.Path, verified: false).ComposePixels(Cpu).Key;
        TinyPack.MakeGreedy(folder, GraphRoles.VaeDecoder, "latent_sample", "sample"); // the contract's sums stay as they were

        string after = Composer(folder.Path, verified: false).ComposePixels(Cpu).Key;

        Assert.NotEqual(before, after);
    }

    [Fact]
    public void ComposeText_EncoderThatNeedsTokensOnly_IsOneGraph()
    {
        ComposedGraph? text = Composer(TinyPack.Folder).ComposeText(Cpu);

        Assert.NotNull(text);
        Assert.Equal(["text"], text.Model.Graph.RequiredInputs.Select(input => input.Name));
    }

    [Fact]
    public void ComposeText_EncoderOnAnotherDevice_StaysApart() =>
        Assert.Null(Composer(TinyPack.Folder).ComposeText(new ResolvedTarget(ExecutionProvider.WebGpu, ExecutionTarget.Auto, [])));

    [Fact]
    public void Compose_TransformerIsNoGraph_NamesPackAndRole()
    {
        using TemporaryFolder folder = new();
        TinyPack.CopyTo(folder);
        File.WriteAllText(folder.PathOf("transformer", "model.onnx"), "no graph");

        ModelPackException error = Assert.Throws<ModelPackException>(() => Composer(folder.Path).ComposeStep(Cpu));

        Assert.Equal(folder.Path, error.Pack);
        Assert.StartsWith("Graph 'transformer': ", error.Problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_CacheThatCannotBeWritten_SaysSoAndWorks()
    {
        string file = _cache.PathOf("file");
        await File.WriteAllTextAsync(file, "");
        (byte[] expected, IReadOnlyList<string> none) = await Generate(_cache.Path);

        (byte[] actual, IReadOnlyList<string> notices) = await Generate(Path.Combine(file, "cache"));

        Assert.Empty(none);
        Assert.StartsWith("Graphs are composed anew at every start, because the folder", Assert.Single(notices), StringComparison.Ordinal);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public async Task OpenAsync_EntriesDamaged_AreMadeAgain()
    {
        (byte[] expected, _) = await Generate(_cache.Path);
        string[] files = Directory.GetFiles(_cache.Path, "model.onnx", SearchOption.AllDirectories);
        byte[][] whole = [.. files.Select(File.ReadAllBytes)];
        foreach (string file in files)
        {
            await File.WriteAllTextAsync(file, "damaged");
        }

        (byte[] actual, IReadOnlyList<string> notices) = await Generate(_cache.Path);

        Assert.Equal(3, files.Length);
        Assert.Equal(expected, actual);
        Assert.Empty(notices);
        Assert.Equal(whole, files.Select(File.ReadAllBytes));
    }

    [Fact, Trait("Tier", "Model")]
    public void Compose_ShippedPack_FusesAsMuchAsTheTransformerAlone()
    {
        PackComposer composer = Composer(ReferenceRun.Pack);

        ComposedGraph alone = composer.Rewrite(GraphRoles.Transformer, Cpu), step = composer.ComposeStep(Cpu);

        foreach (string fused in new[] { "MultiHeadAttention", "RotaryEmbedding", "SkipLayerNormalization", "SimplifiedLayerNormalization", "LayerNormalization", "Gelu" })
        {
            Assert.Equal(Count(alone, fused), Count(step, fused));
        }

        Assert.NotEqual(0, Count(step, "MultiHeadAttention"));
        Assert.Null(composer.ComposeText(Cpu)); // its encoder wants to know the shots, which the tokenizer does not tell
    }

    [Fact]
    public async Task GenerateAsync_TextGraphAndPromptOfTooManyTokens_IsRefused()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(TinyPack.Folder);
        VideoRequest request = new() { Prompt = new string('b', 2 * pipeline.Pack.Contract.MaxTokens), Frames = 1 };

        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(async () =>
        {
            await foreach (VideoFrame frame in pipeline.GenerateAsync(request))
            {
                Assert.Fail($"Frame {frame.Index} was made.");
            }
        });

        Assert.Contains($"Prompt must be at most {pipeline.Pack.Contract.MaxTokens} tokens, but has", Assert.Single(error.Problems), StringComparison.Ordinal);
    }

    public void Dispose() => _cache.Dispose();

    private static int Count(ComposedGraph graph, string operation) => graph.Model.Graph.AllNodes.Count(node => node.OpType == operation);

    private static async Task<(byte[] Pixels, IReadOnlyList<string> Notices)> Generate(string cacheFolder)
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(TinyPack.Folder, new PipelineOptions { Host = new HostSettings { CacheFolder = cacheFolder } });
        List<byte> pixels = [];
        await foreach (VideoFrame frame in pipeline.GenerateAsync(new VideoRequest { Prompt = "a red ball", Seed = 5, Steps = 3, Frames = 5 }))
        {
            pixels.AddRange(frame.Pixels.Span);
        }

        return ([.. pixels], pipeline.Notices);
    }

    private PackComposer Composer(string folder, bool verified = true) => new(ModelPack.Open(folder), _cache.Path, verified);
}
