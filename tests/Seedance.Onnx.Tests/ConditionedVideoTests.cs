using Seedance.Onnx.Latents;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>Shots, images and guidance of both, with a pack whose answers are known: a latent frame is what its own shot's caption says, or the image that is given for it.</summary>
[Trait("Tier", "Graph")]
public sealed class ConditionedVideoTests
{
    private static readonly Tolerance Landed = new("single precision over a few steps of a known velocity", 1e-4, 1e-4);
    private static readonly VideoRequest Words = new() { Prompt = "red ball", Frames = 17, Guidance = 1, Steps = 3 };

    [Fact]
    public async Task MakeLatents_TwoShots_EachLatentFrameFollowsItsOwnCaption()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder);
        float[] first = Latents(pipeline, Words with { Prompt = "red ball" }), second = Latents(pipeline, Words with { Prompt = "a star" });
        GenerationPlan plan = await pipeline.PlanAsync(Words with { Prompt = "[Shot 1] red ball. [Shot 2] a star." });

        float[] film = Latents(pipeline, plan);

        for (int frame = 0; frame < 5; frame++)
        {
            bool after = frame >= plan.Shots[1].FirstLatentFrame;
            for (int channel = 0; channel < 4; channel++)
            {
                // The text encoder adds the number of the shot to the last feature.
                float expected = FilmPack.At(after ? second : first, plan.Latents, channel, frame) + (channel == 3 && after ? 1 : 0);
                NumericAssert.Close(expected, FilmPack.At(film, plan.Latents, channel, frame), Landed);
            }
        }
    }

    [Fact]
    public async Task GenerateAsync_TwoShots_TheFramesChangeAtTheCut()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder);
        GenerationPlan plan = await pipeline.PlanAsync(Words with { Prompt = "镜头1:红色的球 镜头2:一只猫", Frames = 17 });

        List<VideoFrame> frames = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan));

        int[] changes = [.. Enumerable.Range(1, 16).Where(i => FilmPack.Colour(frames[i]) != FilmPack.Colour(frames[i - 1]))];
        // The tiny decoder mixes a latent frame with the one before: the first group behind the cut is a mixture.
        Assert.Equal([plan.Shots[1].FirstFrame, plan.Shots[1].FirstFrame + 4], changes);
    }

    [SkippableFact]
    public async Task GenerateAsync_FirstAndLastFrame_BeginsAndEndsWithThem()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder, new PipelineOptions { FFmpeg = FilmPack.FFmpeg });
        VideoRequest request = Words with { FirstFrame = FilmPack.Image(200, 60, 20), LastFrame = FilmPack.Image(20, 90, 220, 30, 50), Guidance = 2 };
        GenerationPlan plan = await pipeline.PlanAsync(request);

        List<VideoFrame> frames = await FilmPack.ReadAsync(pipeline.GenerateAsync(plan));
        float[] latents = Latents(pipeline, plan);

        AssertColour((200, 60, 20), FilmPack.Colour(frames[0]));
        LatentGeometry geometry = pipeline.Pack.Contract.Latents;
        int[] last = [20, 90, 220];
        for (int channel = 0; channel < 3; channel++)
        {
            double expected = ((last[channel] / 127.5) - 1 - geometry.Mean[channel]) / geometry.Std[channel];
            NumericAssert.Close(expected, FilmPack.At(latents, plan.Latents, channel, 4), new Tolerance("8 bits through FFmpeg, single precision", 0.02, 0.01));
        }

        Assert.Contains("vae_encoder", pipeline.Graphs.Select(graph => graph.Role));
    }

    [SkippableFact]
    public async Task GenerateAsync_FirstFrameOfALaterShot_StandsWhereThatShotBegins()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder, new PipelineOptions { FFmpeg = FilmPack.FFmpeg });
        VideoRequest request = Words with { Prompt = "", Shots = [new ShotRequest { Caption = "red ball" }, new ShotRequest { Caption = "a star", FirstFrame = FilmPack.Image(255, 255, 255) }] };
        GenerationPlan plan = await pipeline.PlanAsync(request);

        float[] latents = Latents(pipeline, plan);

        LatentGeometry geometry = pipeline.Pack.Contract.Latents;
        int given = plan.Shots[1].FirstLatentFrame;
        NumericAssert.Close((1 - geometry.Mean[0]) / geometry.Std[0], FilmPack.At(latents, plan.Latents, 0, given), Landed);
        Assert.NotEqual(FilmPack.At(latents, plan.Latents, 0, given), FilmPack.At(latents, plan.Latents, 0, given + 1));
    }

    [SkippableTheory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    [InlineData(0.5)]
    public async Task MakeLatents_ImageGuidance_WeighsTheImageApartFromTheWords(double weight)
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder, new PipelineOptions { FFmpeg = FilmPack.FFmpeg });
        VideoRequest request = Words with { FirstFrame = FilmPack.Image(255, 255, 255), NegativePrompt = "blue", Guidance = 3 };
        LatentShape shape = (await pipeline.PlanAsync(request)).Latents;
        float without = FilmPack.At(Latents(pipeline, Words with { Prompt = "blue" }), shape, 0, 0), with = FilmPack.At(Latents(pipeline, await pipeline.PlanAsync(request)), shape, 0, 0);

        float[] latents = Latents(pipeline, await pipeline.PlanAsync(request with { ImageGuidance = weight }));

        // At the given frame both texts come to the image: what is left is the image's own weight.
        NumericAssert.Close(without + (weight * (with - without)), FilmPack.At(latents, shape, 0, 0), new Tolerance("single precision over a few guided steps", 1e-3, 1e-3));
    }

    [Theory]
    [InlineData(SolverKind.Euler, 0.0, "0..1")]
    [InlineData(SolverKind.Euler, 0.7, "0..1")]
    [InlineData(SolverKind.UniPC, 1.0, "0..1")]
    [InlineData(SolverKind.DpmSolverPlusPlus, 0.5, "0.3..0.9")]
    [InlineData(SolverKind.Lcm, 0.0, "0..1")]
    public async Task MakeLatents_AnyGuidance_IsTheSamplersOnTheHost(SolverKind solver, double rescale, string interval)
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder);
        Assert.True(NoiseInterval.TryParse(interval, out NoiseInterval levels));
        VideoRequest request = Words with { NegativePrompt = "blue", Guidance = 4, GuidanceRescale = rescale, GuidanceInterval = levels, Solver = solver, SolverOrder = 3, Steps = 6, Seed = 5 };
        float[][] clean = [Latents(pipeline, Words with { Prompt = "blue" }), Latents(pipeline, Words)];
        GenerationPlan plan = await pipeline.PlanAsync(request);

        float[] latents = Latents(pipeline, plan);

        NumericAssert.Close<float>(OnTheHost(plan, clean), latents, new Tolerance("known velocities in single precision over six guided steps", 2e-3, 2e-3));
    }

    [Fact]
    public void TokenRows_CaptionsOfSeveralShots_StandBehindOneAnotherWithTheirNumbers()
    {
        TokenRows rows = TokenRows.Of([1, 2], ids: [1, 9, 2, 0, 1, 7, 8, 2, 1, 5, 2, 0], mask: [1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0]);

        Assert.Equal<long>([2, 7], rows.Shape);
        Assert.Equal<long>([1, 9, 2, 0, 0, 0, 0, 1, 7, 8, 2, 1, 5, 2], rows.Ids);
        Assert.Equal<long>([1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1], rows.Mask);
        Assert.Equal<long>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1], rows.Shots);
        Assert.Equal((3, 7), (rows.CountOf(0), rows.CountOf(1)));
        Assert.Equal<long>([1, 16], TokenRows.Of([2], [1, 2], [1, 1], least: 16).Shape);
    }

    [SkippableFact]
    public async Task PlanAsync_ImageAndNoShape_TakesTheImagesAndReadsItOnce()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder, new PipelineOptions { FFmpeg = FilmPack.FFmpeg });

        GenerationPlan plan = await pipeline.PlanAsync(Words with { FirstFrame = FilmPack.Image(1, 2, 3, width: 50, height: 80) });

        Assert.Equal((new VideoSize(32, 48), new VideoSize(50, 80)), (plan.Size, plan.Conditions[0].Image!.Size!.Value));
        Assert.Equal(plan.Size, pipeline.GenerateAsync(Words with { FirstFrame = FilmPack.Image(1, 2, 3, width: 50, height: 80) }).Plan.Size);
    }

    [SkippableFact]
    public async Task PlanAsync_ImagesThatCannotBeRead_AreToldWithEverythingElse()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder, new PipelineOptions { FFmpeg = FilmPack.FFmpeg });
        VideoRequest request = Words with { Steps = 0, FirstFrame = ImageSource.FromBytes("no image"u8.ToArray(), "broken.png"), LastFrame = ImageSource.FromFile("missing.png") };

        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(() => pipeline.PlanAsync(request));

        Assert.Equal(3, error.Problems.Count);
        Assert.StartsWith("Steps must be", error.Problems[0], StringComparison.Ordinal);
        Assert.StartsWith("Image 'broken.png' must be an image that FFmpeg can decode", error.Problems[1], StringComparison.Ordinal);
        Assert.StartsWith("Image 'missing.png' must be a file that can be read", error.Problems[2], StringComparison.Ordinal);
    }

    private static float[] Latents(VideoPipeline pipeline, VideoRequest request) => Latents(pipeline, pipeline.PlanAsync(request).GetAwaiter().GetResult());

    private static float[] Latents(VideoPipeline pipeline, GenerationPlan plan)
    {
        LatentClip? clip = null;
        GeneratedVideo video = pipeline.GenerateAsync(plan, new GenerationEvents { Latents = done => clip = done });
        _ = FilmPack.ReadAsync(video).GetAwaiter().GetResult();
        return clip!.Values.ToArray();
    }

    /// <summary>The plan with the velocity v = (x − x0) / σ of each branch, noise as the pipeline draws it.</summary>
    private static float[] OnTheHost(GenerationPlan plan, float[][] clean)
    {
        TorchRandom random = new(plan.Seed);
        float[] noise = new float[plan.Latents.Length];
        random.FillNormal(noise);
        Sampler sampler = new(plan.Solver, noise.Length);
        sampler.Start(noise);
        while (!sampler.IsDone)
        {
            foreach ((int row, int branch) in sampler.Current.Rows.Index())
            {
                for (int i = 0; i < noise.Length; i++)
                {
                    sampler.Velocity(row)[i] = (float)((sampler.Latents[i] - clean[branch][i]) / (sampler.Current.Timestep / 1000));
                }
            }

            if (sampler.Current.UsesNoise)
            {
                random.FillNormal(sampler.Noise);
            }

            sampler.Advance();
        }

        return sampler.Latents.ToArray();
    }

    private static void AssertColour((byte Red, byte Green, byte Blue) expected, (byte Red, byte Green, byte Blue) actual)
    {
        Assert.InRange(actual.Red, expected.Red - 2, expected.Red + 2);
        Assert.InRange(actual.Green, expected.Green - 2, expected.Green + 2);
        Assert.InRange(actual.Blue, expected.Blue - 2, expected.Blue + 2);
    }
}
