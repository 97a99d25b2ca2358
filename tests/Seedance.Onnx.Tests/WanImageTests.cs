using Seedance.Onnx.Execution;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Memory;
using Seedance.Onnx.Optimization;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>Image-to-video as Wan has it: one mask channel a frame, a clip that is grey where nothing is given, and features of the images. Against a plain loop over the pack's graphs.</summary>
[Trait("Tier", "Graph")]
public sealed class WanImageTests : IDisposable
{
    private const int Frames = 9, Height = 32, Width = 48, LatentFrames = 3, LatentArea = 4 * 6, Channels = 16, Group = 4;

    private static readonly Tolerance SameArithmetic = new("the same float32 arithmetic in another order, through a whole guided run", 1e-4, 1e-4);
    private static readonly VideoRequest Words = new() { Prompt = "a red ball moves right", NegativePrompt = "grey", Frames = Frames, Width = Width, Height = Height, Steps = 4, Seed = 5 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task MakeLatents_GivenFrames_EqualsAPlainLoop(int images)
    {
        WanImagePack.Write(_folder.Path, images);
        byte[][] pictures = [.. Enumerable.Range(0, images).Select(Picture)];
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(_folder.Path);
        GenerationPlan plan = GenerationPlan.Create(Request(images), pipeline.Pack);

        float[] latents = pipeline.MakeLatents(plan, [.. pictures.Select(picture => new VideoFrame(new VideoSize(Width, Height), picture))], new StageClock(), progress: null, CancellationToken.None);
        float[] others = pipeline.MakeLatents(plan, [.. pictures.Select(_ => new VideoFrame(new VideoSize(Width, Height), Picture(7)))], new StageClock(), progress: null, CancellationToken.None);

        NumericAssert.Close<float>(PlainLoop(pipeline.Pack, pictures), latents, SameArithmetic);
        AssertApart(latents, others, "Other images must make another video.");
        AssertApart(Condition(pipeline.Pack, Clip(pictures, Frames)), Condition(pipeline.Pack, Clip(pictures, Frames, absent: -1)), "What stands for absent frames must count.");
        Assert.Equal(["tokenizer", "text_encoder", "image_encoder", "vae_encoder", "transformer", "vae_decoder"], pipeline.Graphs.Select(graph => graph.Role));
    }

    [SkippableFact]
    public async Task GenerateAsync_ImageFiles_ArePassedOnPixelByPixel()
    {
        WanImagePack.Write(_folder.Path, images: 2);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(_folder.Path, new PipelineOptions { FFmpeg = FilmPack.FFmpeg });
        GenerationPlan plan = await pipeline.PlanAsync(Request(images: 2));
        LatentClip? clip = null;

        List<VideoFrame> frames = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan, new GenerationEvents { Latents = made => clip = made }));
        clip!.Save(_folder.PathOf("kept.safetensors"));
        List<VideoFrame> decoded = await FilmPack.ReadAsync(pipeline.DecodeAsync(LatentClip.Load(_folder.PathOf("kept.safetensors"), pipeline.Pack)));

        NumericAssert.Close<float>(PlainLoop(pipeline.Pack, [Picture(0), Picture(1)]), clip.Values.ToArray(), SameArithmetic);
        Assert.Equal(Frames, frames.Count);
        Assert.Equal(frames.SelectMany(frame => frame.Pixels.ToArray()), decoded.SelectMany(frame => frame.Pixels.ToArray()));
    }

    [Fact]
    public async Task Plan_ImagesThatThePackDoesNotTake_AreRefusedWithTheirNumber()
    {
        WanImagePack.Write(_folder.Path, images: 1);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(_folder.Path);

        InvalidRequestException none = Assert.Throws<InvalidRequestException>(() => GenerationPlan.Create(Words with { Steps = 0 }, pipeline.Pack));
        InvalidRequestException two = Assert.Throws<InvalidRequestException>(() => GenerationPlan.Create(Request(images: 2) with { ImageGuidance = 2 }, pipeline.Pack));

        Assert.Equal(["Steps must be from 1 to 1000, but is 0.", "Images must be 1 with pack 'wan-images', but are 0. Give a first frame."], none.Problems);
        Assert.Equal(
            ["Images must be 1 with pack 'wan-images', but are 2. Give the first frame alone.", "ImageGuidance must be left out with pack 'wan-images', whose transformer never goes without images, but is there. Leave it out."],
            two.Problems);
    }

    [Fact]
    public void PlanMemory_ClipThatIsEncodedWhole_GrowsWithItAndCountsTheImageGraphs()
    {
        WanImagePack.Write(_folder.Path, images: 1, wansEncoder: true);
        GenerationPlanner planner = GenerationPlanner.Open(_folder.Path);
        MemoryPlan Plan(int frames) => planner.PlanMemory(GenerationPlan.Create(Request(images: 1) with { Frames = frames }, planner.Pack));

        MemoryPlan shorter = Plan(9), longer = Plan(33);

        // The encoder's values are those of as many frames as there are.
        Assert.InRange((double)longer.ConditionBytes / shorter.ConditionBytes, 0.8 * 33 / 9, 1.1 * 33 / 9);
        Assert.Equal(shorter.WeightBytes, longer.WeightBytes);
        Assert.True(shorter.WeightBytes > MemoryModel.WeightsOf(planner.Pack));
    }

    [Fact]
    public async Task OptimizeAsync_PackWithImages_IsAPackThatMakesTheSame()
    {
        string pack = _folder.PathOf("pack"), output = _folder.PathOf("fast");
        WanImagePack.Write(pack, images: 1);

        ModelOptimization result = await ModelOptimizer.OptimizeAsync(new ModelOptimizationRequest { Input = pack, Output = output });

        Assert.All(result.Graphs.SelectMany(graph => graph.Differences), made => Assert.InRange(made.RelativeRms, 0, 1e-4));
        Assert.Equal<long>([2, WanImagePack.FeatureRows, 20], result.Graphs.Single(graph => graph.Graph == GraphRoles.Transformer).Shapes["encoder_hidden_states_image"]);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(output);
        GenerationPlan plan = GenerationPlan.Create(Request(images: 1), pipeline.Pack);
        float[] latents = pipeline.MakeLatents(plan, [new VideoFrame(new VideoSize(Width, Height), Picture(0))], new StageClock(), progress: null, CancellationToken.None);
        NumericAssert.Close<float>(PlainLoop(ModelPack.Open(pack), [Picture(0)]), latents, SameArithmetic);
    }

    private static VideoRequest Request(int images) => Words with { FirstFrame = File(0), LastFrame = images == 2 ? File(1) : null };

    /// <summary>A picture as a PPM file.</summary>
    private static ImageSource File(int number) => ImageSource.FromBytes((byte[])[.. "P6\n48 32\n255\n"u8, .. Picture(number)], $"{number}.ppm");

    /// <summary>[H, W, 3].</summary>
    private static byte[] Picture(int number) => [.. Enumerable.Range(0, Height * Width * 3).Select(i => (byte)((i / 3 % Width * 5) + (i / 3 / Width * 7) + (i % 3 * 60) + (number * 90)))];

    /// <summary>The guided run of the request with a first picture, and a last one if there are two: branch by branch, every tensor laid out by hand.</summary>
    private static float[] PlainLoop(ModelPack pack, byte[][] pictures)
    {
        float[][] texts = [Text(pack, Words.NegativePrompt!), Text(pack, Words.Prompt)];
        float[] features = [.. pictures.SelectMany(picture => Run(pack, GraphRoles.ImageEncoder, "last_hidden_state", ("pixel_values", Clip([picture], 1), [1, 3, Height, Width])))];
        float[] condition = Condition(pack, Clip(pictures, Frames)), mask = Mask(pictures.Length);
        SolverPlan solver = Solvers.Create(SolverKind.UniPC, pack.Scheduler.CreateSchedule(Words.Steps!.Value), pack.Scheduler.SolverOrder).WithGuidance(5);
        float[] noise = new float[Channels * LatentFrames * LatentArea];
        new TorchRandom(Words.Seed!.Value).FillNormal(noise);
        return Sampler.Run(solver, noise, (noisy, step, branch, velocity) => Run(
            pack,
            GraphRoles.Transformer,
            "out_hidden_states",
            ("hidden_states", [.. noisy, .. mask, .. condition], [1, (2 * Channels) + Group, LatentFrames, 4, 6]),
            ("timestep", [(float)step.Timestep], [1]),
            ("encoder_hidden_states", texts[branch], [1, texts[branch].Length / 32, 32]),
            ("encoder_hidden_states_image", features, [1, features.Length / 20, 20])).CopyTo(velocity));
    }

    private static float[] Text(ModelPack pack, string text)
    {
        using GraphSession tokenizer = Open(pack, GraphRoles.Tokenizer), encoder = Open(pack, GraphRoles.TextEncoder);
        using StringTensor words = StringTensor.From([text]);
        using GraphOutputs tokens = tokenizer.Run(new Dictionary<string, GraphTensor> { ["text"] = words });
        using GraphOutputs features = encoder.Run(new Dictionary<string, GraphTensor> { ["input_ids"] = tokens["input_ids"], ["attention_mask"] = tokens["attention_mask"] });
        return features["last_hidden_state"].AsSpan<float>().ToArray();
    }

    private static void AssertApart(float[] one, float[] other, string message) => Assert.True(one.Zip(other, (a, b) => Math.Abs(a - b)).Max() > 0.1, message);

    /// <summary>[3, F, H, W]: the first picture, grey in between, and the last picture if there are two.</summary>
    private static float[] Clip(byte[][] pictures, int frames, float absent = 0)
    {
        float[] clip = new float[3 * frames * Height * Width];
        Array.Fill(clip, absent);
        for (int picture = 0; picture < pictures.Length; picture++)
        {
            int frame = picture == 0 ? 0 : frames - 1;
            for (int y = 0; y < Height; y++)
            {
                for (int x = 0; x < Width; x++)
                {
                    for (int colour = 0; colour < 3; colour++)
                    {
                        clip[(((((colour * frames) + frame) * Height) + y) * Width) + x] = (pictures[picture][(((y * Width) + x) * 3) + colour] / 255f * 2) - 1;
                    }
                }
            }
        }

        return clip;
    }

    /// <summary>The mean of the clip's latents, normalised.</summary>
    private static float[] Condition(ModelPack pack, float[] clip)
    {
        float[] parameters = Run(pack, GraphRoles.VaeEncoder, "latent_parameters", ("sample", clip, [1, 3, Frames, Height, Width])), condition = new float[Channels * LatentFrames * LatentArea];
        for (int i = 0; i < condition.Length; i++)
        {
            int channel = i / (LatentFrames * LatentArea);
            condition[i] = (parameters[i] - pack.Contract.Latents.Mean[channel]) / pack.Contract.Latents.Std[channel];
        }

        return condition;
    }

    /// <summary>As diffusers lays it out: ones and zeros of all frames, the first of them four times, in groups of four that become channels.</summary>
    private static float[] Mask(int pictures)
    {
        List<float> row = [1, 1, 1, 1, .. new float[Frames - 1]];
        row[^1] = pictures == 2 ? 1 : 0;
        List<float> mask = [];
        for (int channel = 0; channel < Group; channel++)
        {
            for (int group = 0; group < LatentFrames; group++)
            {
                mask.AddRange(Enumerable.Repeat(row[(group * Group) + channel], LatentArea));
            }
        }

        return [.. mask];
    }

    private static float[] Run(ModelPack pack, string role, string output, params (string Name, float[] Values, long[] Shape)[] inputs)
    {
        using GraphSession session = Open(pack, role);
        Dictionary<string, GraphTensor> tensors = inputs.ToDictionary(input => input.Name, input => (GraphTensor)HostTensor.From<float>(input.Values, input.Shape));
        using GraphOutputs outputs = session.Run(tensors);
        foreach (GraphTensor tensor in tensors.Values)
        {
            tensor.Dispose();
        }

        return outputs[output].AsSpan<float>().ToArray();
    }

    private static GraphSession Open(ModelPack pack, string role) => GraphSession.Open(pack.Folder, pack.Contract.FindGraph(role)!, ExecutionTarget.Cpu);
}
