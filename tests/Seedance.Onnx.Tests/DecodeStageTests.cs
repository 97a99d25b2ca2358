using Seedance.Onnx.Composition;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;
using Xunit.Abstractions;

namespace Seedance.Onnx;

/// <summary>Decoding in chunks, with a decoder of known answers: each frame is the mean of a latent frame's colour and the one before it.</summary>
public sealed class DecodeStageTests(ITestOutputHelper output)
{
    [Theory, Trait("Tier", "Graph")]
    [InlineData(1, 100)]
    [InlineData(2, 100)]
    [InlineData(4, 100)]
    [InlineData(100, 100)]
    [InlineData(2, 4)] // tiles of 4 x 4 on 4 x 6
    public void Run_AnyPieces_MixesEveryFrameWithTheOneBefore(int chunk, int tile)
    {
        using TemporaryFolder cache = new();
        ModelPack pack = ModelPack.Open(TinyPack.Folder);
        GenerationPlan plan = GenerationPlan.Create(new VideoRequest { Prompt = "a", Frames = 17 }, pack);
        float[] latents = new float[plan.Latents.Length];
        new TorchRandom(3).FillNormal(latents);
        using GraphSession pixels = new PackComposer(pack, cache.Path, verified: false).ComposePixels(ExecutionTarget.Cpu.Resolve()).Open(pack.Folder, engine: null);
        StageClock clock = new();

        List<VideoFrame> frames = Decode(new DecodeStage(pixels, pack.Contract.Latents), plan, latents, new DecodePieces(chunk, tile, tile), clock);

        Assert.Equal((tile < 100 ? 2 : 1) * ((5 + chunk - 1) / chunk), Assert.Single(clock.Reports).Runs);
        Assert.Equal(17, frames.Count);
        Assert.Equal(Enumerable.Range(0, 17), frames.Select(frame => frame.Index));
        foreach (VideoFrame frame in frames)
        {
            int latentFrame = (frame.Index + 3) / 4;
            for (int i = 0; i < frame.Pixels.Length; i++)
            {
                (int channel, int column, int row) = (i % 3, i / 3 % plan.Size.Width / 8, i / 3 / plan.Size.Width / 8);
                float now = Colour(latentFrame, channel, row, column), before = latentFrame == 0 ? now : Colour(latentFrame - 1, channel, row, column);
                double expected = (Math.Clamp((now + before) / 2, -1, 1) + 1) * 127.5;
                Assert.InRange(frame.Pixels.Span[i], expected - 0.51, expected + 0.51);
            }
        }

        float Colour(int latentFrame, int channel, int row, int column)
        {
            LatentShape shape = plan.Latents;
            float z = latents[(((((channel * shape.Frames) + latentFrame) * shape.Height) + row) * shape.Width) + column];
            return (z * pack.Contract.Latents.Std[channel]) + pack.Contract.Latents.Mean[channel];
        }
    }

    /// <summary>A decoder that looks around makes other pixels near a tile's edge, which the overlap hides.</summary>
    [Fact, Trait("Tier", "Model")]
    public void Run_ShippedPackInTiles_FramesAreNearThoseDecodedWhole()
    {
        using TemporaryFolder cache = new();
        ModelPack pack = ModelPack.Open(ReferenceRun.Pack);
        GenerationPlan plan = GenerationPlan.Create(ReferenceRun.Request, pack);
        using GraphSession pixels = new PackComposer(pack, cache.Path, verified: true).ComposePixels(ExecutionTarget.Cpu.Resolve()).Open(pack.Folder, engine: null);
        DecodeStage stage = new(pixels, pack.Contract.Latents);
        StageClock clock = new();

        List<VideoFrame> whole = Decode(stage, plan, ReferenceRun.Latents, new DecodePieces(100, 100, 100), new StageClock());
        List<VideoFrame> tiled = Decode(stage, plan, ReferenceRun.Latents, new DecodePieces(100, 8, 8), clock);

        double squares = whole.Zip(tiled).Sum(pair => pair.First.Pixels.ToArray().Zip(pair.Second.Pixels.ToArray(), (a, b) => (double)((a - b) * (a - b))).Sum());
        double psnr = 10 * Math.Log10(255.0 * 255.0 * whole.Sum(frame => (long)frame.Pixels.Length) / squares);
        output.WriteLine($"{clock.Reports[0].Runs} tiles, {psnr:0.0} dB");
        Assert.Equal(2, clock.Reports[0].Runs);
        Assert.InRange(psnr, 30, 99);
    }

    private static List<VideoFrame> Decode(DecodeStage stage, GenerationPlan plan, float[] latents, DecodePieces pieces, StageClock clock)
    {
        using StageRun run = new(clock, GenerationStage.Decode);
        List<VideoFrame> frames = [];
        stage.Run(plan, latents, pieces, frames.Add, run, CancellationToken.None);
        return frames;
    }
}
