using System.Collections.Concurrent;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Media;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>Several requests and several pipelines in one process: what waits, what runs at once, and that nothing gets mixed up.</summary>
[Trait("Tier", "Graph")]
public sealed class VideoPipelineConcurrencyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Theory, InlineData(1, 1), InlineData(2, 2), InlineData(3, 3)]
    public async Task GenerateAsync_MoreCallersThanTurns_AsManyAsThereAreTurnsRunAtOnce(int turns, int expected)
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(TinyPack.Folder, new PipelineOptions { ConcurrentGenerations = turns });
        using Gate gate = new(expected);
        Task[] callers = [.. Enumerable.Range(0, 4).Select(seed => PixelsOf(pipeline, (ulong)seed, gate))];

        bool full = gate.WaitUntilFull(Patience);
        gate.Open();
        await Task.WhenAll(callers).WaitAsync(Patience);

        Assert.True(full);
        Assert.Equal(expected, gate.MostInside);
    }

    [Fact]
    public async Task GenerateAsync_ManyAtOnce_EachGetsWhatItGetsAlone()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(TinyPack.Folder, new PipelineOptions { ConcurrentGenerations = 4 });
        byte[][] alone = new byte[6][];
        for (int seed = 0; seed < alone.Length; seed++)
        {
            alone[seed] = await PixelsOf(pipeline, (ulong)seed);
        }

        byte[][] together = await Task.WhenAll(Enumerable.Range(0, alone.Length).Select(seed => PixelsOf(pipeline, (ulong)seed))).WaitAsync(Patience);

        Assert.Equal(alone, together);
    }

    [Fact]
    public async Task GenerateAsync_SeveralPipelinesAtOnce_GiveTheSameBytes()
    {
        await using VideoPipeline first = await VideoPipeline.OpenAsync(TinyPack.Folder);
        await using VideoPipeline second = await VideoPipeline.OpenAsync(TinyPack.Folder);
        await using VideoPipeline threads = await VideoPipeline.OpenAsync(TinyPack.Folder, new PipelineOptions { Target = new ExecutionTarget { Threads = 1 } });
        byte[] alone = await PixelsOf(first, 5);

        byte[][] together = await Task.WhenAll(PixelsOf(first, 5), PixelsOf(second, 5), PixelsOf(threads, 5)).WaitAsync(Patience);

        Assert.All(together, pixels => Assert.Equal(alone, pixels));
    }

    [Fact]
    public async Task DisposeAsync_OnePipelineOfTwo_TheOtherGoesOn()
    {
        VideoPipeline first = await VideoPipeline.OpenAsync(TinyPack.Folder);
        await using VideoPipeline second = await VideoPipeline.OpenAsync(TinyPack.Folder);
        byte[] before = await PixelsOf(second, 5);

        await first.DisposeAsync();

        Assert.Equal(before, await PixelsOf(second, 5));
    }

    [Theory]
    [InlineData(GraphRoles.Transformer, "hidden_states", "out_hidden_states")]
    [InlineData(GraphRoles.VaeDecoder, "latent_sample", "sample")]
    public async Task GenerateAsync_TooLittleMemoryForOneRequest_FailsItAloneAndGoesOn(string role, string latents, string output)
    {
        using TemporaryFolder folder = new();
        TinyPack.CopyTo(folder);
        TinyPack.MakeGreedy(folder, role, latents, output);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path, new PipelineOptions { VerifyFiles = false });
        byte[] before = await PixelsOf(pipeline, 5);

        GraphExecutionException error = await Assert.ThrowsAsync<GraphExecutionException>(() => PixelsOf(pipeline, 5, progress: null, frames: 17));

        Assert.Equal(role, error.Role);
        Assert.Equal(before, await PixelsOf(pipeline, 5));
    }

    private static async Task<byte[]> PixelsOf(VideoPipeline pipeline, ulong seed, IProgress<GenerationProgress>? progress = null, int frames = 5)
    {
        List<byte> pixels = [];
        await foreach (VideoFrame frame in pipeline.GenerateAsync(new VideoRequest { Prompt = $"ball {seed}", Seed = seed, Steps = 3, Frames = frames }, progress))
        {
            pixels.AddRange(frame.Pixels.Span);
        }

        return [.. pixels];
    }

    /// <summary>Holds every generation that comes by, in its first step, until it is opened, and counts them.</summary>
    private sealed class Gate(int expected) : IProgress<GenerationProgress>, IDisposable
    {
        private readonly ManualResetEventSlim _open = new();
        private readonly ManualResetEventSlim _full = new();
        private readonly ConcurrentDictionary<int, bool> _inside = [];
        private int _most;

        public int MostInside => Volatile.Read(ref _most);

        public bool WaitUntilFull(TimeSpan patience) => _full.Wait(patience);

        public void Open() => _open.Set();

        public void Report(GenerationProgress value)
        {
            if (_open.IsSet || value is not { Stage: GenerationStage.Denoise, Step: 1 })
            {
                return;
            }

            _inside[Environment.CurrentManagedThreadId] = true;
            _most = Math.Max(_most, _inside.Count);
            if (_inside.Count >= expected)
            {
                _full.Set();
            }

            Assert.True(_open.Wait(Patience));
        }

        public void Dispose()
        {
            _open.Dispose();
            _full.Dispose();
        }
    }
}
