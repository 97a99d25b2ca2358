using Seedance.Onnx.Execution;
using Seedance.Onnx.Media;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>Wan 2.1 through the runtime as it is: a tiny model with the architecture of the published ones, against PyTorch.</summary>
[Trait("Tier", "Graph")]
public sealed class WanPackTests
{
    private const string SameArithmetic = "the same float32 arithmetic in another order, through a whole guided run";

    [Fact]
    public async Task MakeLatents_FromASentence_EqualsPyTorch()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(WanRun.Pack);
        GenerationPlan plan = GenerationPlan.Create(WanRun.Request, pipeline.Pack);

        float[] latents = pipeline.MakeLatents(plan, new StageClock(), progress: null, CancellationToken.None);

        float[] expected = WanRun.Numbers("video_latents");
        NumericAssert.Close<float>(expected, latents, WanRun.OfLargest(expected, 1e-4, SameArithmetic));
    }

    [Fact]
    public async Task GenerateAsync_FromASentence_GivesPyTorchsFrames()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(WanRun.Pack);

        List<byte> pixels = [];
        await foreach (VideoFrame frame in pipeline.GenerateAsync(WanRun.Request))
        {
            pixels.AddRange(frame.Pixels.Span);
        }

        byte[] expected = WanRun.Frames;
        Assert.Equal(expected.Length, pixels.Count);
        Assert.True(expected.Distinct().Count() > 20, "The frames must be more than one colour to tell anything.");
        Assert.InRange(expected.Zip(pixels, (a, b) => Math.Abs(a - b)).Max(), 0, 1);
    }

    [Fact]
    public void Run_GoldenNoiseAndText_EqualsTheGuidedRunOfDiffusers()
    {
        ModelPack pack = ModelPack.Open(WanRun.Pack);
        SolverPlan plan = Solvers.Create(SolverKind.UniPC, pack.Scheduler.CreateSchedule(steps: 6, shift: 3), pack.Scheduler.SolverOrder).WithGuidance(5);
        using GraphSession transformer = GraphSession.Open(pack.Folder, pack.Contract.FindGraph(GraphRoles.Transformer)!, ExecutionTarget.Cpu);
        float[][] texts = [WanRun.Numbers("loop_negative"), WanRun.Numbers("loop_prompt")];

        float[] latents = Sampler.Run(plan, WanRun.Numbers("loop_noise"), (noisy, step, branch, velocity) =>
        {
            using HostTensor hidden = HostTensor.From(noisy, 1, 16, 3, 8, 12), text = HostTensor.From<float>(texts[branch], 1, 20, 32);
            using HostTensor timestep = HostTensor.From<float>([(float)step.Timestep], 1);
            using GraphOutputs outputs = transformer.Run(new Dictionary<string, GraphTensor> { ["hidden_states"] = hidden, ["timestep"] = timestep, ["encoder_hidden_states"] = text });
            outputs["out_hidden_states"].AsSpan<float>().CopyTo(velocity);
        });

        float[] expected = WanRun.Numbers("loop_latents");
        NumericAssert.Close<float>(expected, latents, WanRun.OfLargest(expected, 1e-4, SameArithmetic));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Run_DecoderInChunks_EqualsDiffusersAndTheWhole(int chunk)
    {
        float[] whole = Decode(4), chunked = Decode(chunk), expected = WanRun.Numbers("vae_decoded");

        NumericAssert.Close<float>(whole, chunked, WanRun.OfLargest(whole, 1e-5, "the same clip in other chunks"));
        NumericAssert.Close<float>(expected, chunked, WanRun.OfLargest(expected, 1e-4, "the same float32 arithmetic in another order"));
    }

    [Fact]
    public void Run_Tokenizer_FillsEveryTextUpTo512Tokens()
    {
        ModelPack pack = ModelPack.Open(WanRun.Pack);
        using GraphSession session = GraphSession.Open(pack.Folder, pack.Contract.FindGraph(GraphRoles.Tokenizer)!, ExecutionTarget.Cpu);
        using StringTensor texts = StringTensor.From(["", "a red ball"]);

        using GraphOutputs outputs = session.Run(new Dictionary<string, GraphTensor> { ["text"] = texts });

        long[] ids = outputs["input_ids"].AsSpan<long>().ToArray(), mask = outputs["attention_mask"].AsSpan<long>().ToArray();
        Assert.Equal([2, 512], outputs["input_ids"].Shape.ToArray());
        Assert.Equal([1, 0, 0], ids[..3]);
        Assert.Equal(1, mask[..512].Sum());
        int count = (int)mask[512..].Sum();
        Assert.Equal(Enumerable.Repeat(1L, count).Concat(Enumerable.Repeat(0L, 512 - count)), mask[512..]);
        Assert.Equal((1, 0), (ids[512 + count - 1], ids[512 + count]));
    }

    /// <summary>Frames of the golden latents, [3, F, H, W] one after another, decoded by chunks of so many latent frames.</summary>
    private static float[] Decode(int chunk)
    {
        ModelPack pack = ModelPack.Open(WanRun.Pack);
        GraphContract contract = pack.Contract.FindGraph(GraphRoles.VaeDecoder)!;
        using GraphSession decoder = GraphSession.Open(pack.Folder, contract, ExecutionTarget.Cpu);
        const int channels = 16, frames = 4, height = 6, width = 5, area = 64 * height * width;
        float[] latents = WanRun.Numbers("vae_latents"), decoded = new float[3 * 13 * area];
        Dictionary<string, float[]> past = ChunkMemory.PastOf(contract).ToDictionary(
            input => input.Name, input => new float[ChunkMemory.ShapeOf(contract, input, new(channels, frames, height, width)).Aggregate((a, b) => a * b)], StringComparer.Ordinal);
        for (int first = 0; first < frames; first += chunk)
        {
            int count = Math.Min(chunk, frames - first);
            float[] part = [.. Enumerable.Range(0, channels).SelectMany(c => latents.AsSpan(((c * frames) + first) * height * width, count * height * width).ToArray())];
            Dictionary<string, GraphTensor> inputs = past.ToDictionary(
                entry => entry.Key,
                entry => (GraphTensor)HostTensor.From<float>(entry.Value, ChunkMemory.ShapeOf(contract, contract.FindInput(entry.Key)!, new(channels, frames, height, width)).AsSpan()),
                StringComparer.Ordinal);
            inputs["latent_sample"] = HostTensor.From<float>(part, 1, channels, count, height, width);
            using GraphOutputs outputs = decoder.Run(inputs);
            foreach (GraphTensor input in inputs.Values)
            {
                input.Dispose();
            }

            past = past.Keys.ToDictionary(name => name, name => outputs[ChunkMemory.PresentOf(name)].AsSpan<float>().ToArray(), StringComparer.Ordinal);
            CopyFrames(outputs["sample"].AsSpan<float>(), first, count, area, decoded);
        }

        return decoded;
    }

    /// <summary>Puts the frames of a chunk [3, 4 count, H W] in their places; the first three of a clip are none.</summary>
    private static void CopyFrames(ReadOnlySpan<float> planes, int first, int count, int area, float[] decoded)
    {
        for (int channel = 0; channel < 3; channel++)
        {
            for (int i = first == 0 ? 3 : 0; i < 4 * count; i++)
            {
                planes.Slice(((channel * 4 * count) + i) * area, area).CopyTo(decoded.AsSpan(((channel * 13) + (4 * first) + i - 3) * area));
            }
        }
    }
}
