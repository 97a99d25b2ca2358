using Seedance.Onnx.Execution;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>Decoding in chunks, with a decoder of known answers: each frame is the mean of a latent frame's colour and the one before it.</summary>
[Trait("Tier", "Graph")]
public sealed class DecodeStageTests
{
    private static readonly string Folder = RepositoryFolder.PathOf("tests", "Shared", "tiny-pack");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(100)]
    public void Run_AnyChunk_MixesEveryFrameWithTheOneBefore(int chunk)
    {
        ModelPack pack = ModelPack.Open(Folder);
        GenerationPlan plan = GenerationPlan.Create(new VideoRequest { Prompt = "a", Frames = 17 }, pack);
        float[] latents = new float[plan.Latents.Length];
        new TorchRandom(3).FillNormal(latents);
        using GraphSession decoder = GraphSession.Open(Folder, pack.Contract.FindGraph(GraphRoles.VaeDecoder)!, ExecutionTarget.Cpu);

        List<VideoFrame> frames = [];
        int runs = new DecodeStage(decoder, pack.Contract.Latents, chunk).Run(plan, latents, frames.Add, CancellationToken.None);

        Assert.Equal((17, (5 + chunk - 1) / chunk), (frames.Count, runs));
        Assert.Equal(Enumerable.Range(0, 17), frames.Select(frame => frame.Index));
        foreach (VideoFrame frame in frames)
        {
            int latentFrame = (frame.Index + 3) / 4;
            for (int channel = 0; channel < 3; channel++)
            {
                float now = Red(latentFrame, channel), before = latentFrame == 0 ? now : Red(latentFrame - 1, channel);
                double expected = (Math.Clamp((now + before) / 2, -1, 1) + 1) * 127.5;
                Assert.InRange(frame.Pixels.Span[channel], expected - 0.51, expected + 0.51);
            }
        }

        float Red(int latentFrame, int channel)
        {
            int area = plan.Latents.Height * plan.Latents.Width;
            float z = latents[((channel * plan.Latents.Frames) + latentFrame) * area];
            return (z * pack.Contract.Latents.Std[channel]) + pack.Contract.Latents.Mean[channel];
        }
    }
}
