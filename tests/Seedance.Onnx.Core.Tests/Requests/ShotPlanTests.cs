using Seedance.Onnx.Core.Tests.Packs;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Prompts;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Core.Tests.Requests;

/// <summary>Plans of videos of several shots, and of prompts with flags.</summary>
[Trait("Tier", "Unit")]
public sealed class ShotPlanTests
{
    private static readonly (PackContract Contract, SchedulerContract Scheduler) Pack = ReadPack();

    [Theory]
    [InlineData(17, "", "0+3 3+2")]
    [InlineData(41, "", "0+6 6+5")]
    [InlineData(5, "", "0+1 1+1")]
    [InlineData(17, "0.625 1.5", "0+2 2+3")]
    [InlineData(17, "1.5", "0+4 4+1")]
    [InlineData(41, "1 1 3", "0+3 3+2 5+6")]
    [InlineData(41, "0.01 5", "0+1 1+10")]
    public void Create_SeveralShots_CutsWhereLatentFramesBegin(int frames, string seconds, string expected)
    {
        double[] told = [.. seconds.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(double.Parse)];
        ShotRequest[] shots = [.. Enumerable.Range(0, Math.Max(2, told.Length)).Select(i => new ShotRequest { Caption = $"shot {i}", Duration = i < told.Length ? TimeSpan.FromSeconds(told[i]) : null })];

        GenerationPlan plan = Create(new VideoRequest { Shots = [.. shots], Frames = frames });

        Assert.Equal(expected, string.Join(' ', plan.Shots.Select(shot => $"{shot.FirstLatentFrame}+{shot.LatentFrames}")));
        Assert.Equal(frames, plan.Shots.Sum(shot => shot.Frames));
        Assert.All(plan.Shots.Skip(1), shot => Assert.Equal(1, shot.FirstFrame % 4));
        Assert.All(plan.Shots.Zip(plan.Shots.Skip(1)), pair => Assert.Equal(pair.Second.FirstFrame, pair.First.FirstFrame + pair.First.Frames));
    }

    [Fact]
    public void CopyFrameShots_TwoShotsAndGuidance_NumbersTheCaptionsBranchOnly()
    {
        GenerationPlan plan = Create(new VideoRequest { Prompt = "[Shot 1] a cat. [Shot 2] a dog.", Frames = 17 });
        long[] away = new long[5], told = [9, 9, 9, 9, 9];

        plan.CopyFrameShots(0, away);
        plan.CopyFrameShots(1, told);

        Assert.Equal([0, 0, 0, 0, 0], away);
        Assert.Equal([0, 0, 0, 1, 1], told);
        Assert.Equal(["blurred"], plan.Branches[0].Captions.AsEnumerable());
        Assert.Equal(["a cat", "a dog"], plan.Branches[1].Captions.AsEnumerable());
    }

    [Fact]
    public void Create_AllShotsWithALength_TheVideoIsAsLongAsTheyAre()
    {
        VideoRequest request = new() { Shots = [new ShotRequest { Caption = "a", Duration = TimeSpan.FromSeconds(1) }, new ShotRequest { Caption = "b", Duration = TimeSpan.FromSeconds(3) }] };

        GenerationPlan plan = Create(request);

        Assert.Equal((33, "0+3 3+6"), (plan.Frames, string.Join(' ', plan.Shots.Select(shot => $"{shot.FirstLatentFrame}+{shot.LatentFrames}"))));
    }

    [Fact]
    public void Create_StyleAndCameras_AreSaidInTheCaptionsLanguage()
    {
        VideoRequest request = new()
        {
            Prompt = "flat style",
            Camera = CameraMove.Fixed,
            Shots = [new ShotRequest { Caption = "a cat", Camera = CameraMove.ZoomIn }, new ShotRequest { Caption = "一只狗" }],
        };

        GenerationPlan plan = Create(request);

        Assert.Equal(["flat style, a cat, the camera zooms in", "flat style, 一只狗，固定镜头"], plan.Shots.Select(shot => shot.Caption));
    }

    [Theory]
    [InlineData("a, then cut to b, then cut to c, then cut to d, then cut to e", 41, "Shots must be at most 4 with pack 'mini', but are 5. Make two videos.")]
    [InlineData("a, then cut to b, then cut to c", 5, "Shots must be at most 2 in 5 frames, because every cut begins a latent frame, but are 3. Ask for a longer video or fewer shots.")]
    public void Create_TooManyShots_IsRefused(string prompt, int frames, string problem)
    {
        Assert.Equal(problem, Assert.Single(Problems(new VideoRequest { Prompt = prompt, Frames = frames })));
    }

    [Theory]
    [InlineData("2 2", 17, "Shots must last as long as the video, 2.125 seconds, but last 4. Change their seconds, or leave the video's length out.")]
    [InlineData("0.5 0.5", 41, "Shots must last as long as the video, 5.125 seconds, but last 1. Change their seconds, or leave the video's length out.")]
    [InlineData("3 4", null, "Shots must last up to 5.125 seconds together (41 frames at 8 a second), but last 7. Shorten them.")]
    [InlineData("1 -1", 17, "Shots[1].Duration must be above 0 seconds, but is -1.")]
    public void Create_ShotsThatDoNotFit_AreRefused(string seconds, int? frames, string problem)
    {
        VideoRequest request = new() { Frames = frames, Shots = [.. seconds.Split(' ').Select(text => new ShotRequest { Caption = "a", Duration = TimeSpan.FromSeconds(double.Parse(text)) })] };

        Assert.Equal(problem, Assert.Single(Problems(request)));
    }

    [Theory]
    [InlineData("a")]
    [InlineData(" a")]
    [InlineData(", then ")]
    [InlineData("    ，切换")]
    [InlineData("[Shot 1] ")]
    [InlineData("--seed 1 ")]
    [InlineData("🐈")]
    [InlineData("مرحبا ")]
    public void Create_PromptOfAHundredThousandCharacters_IsRefusedForItsLengthAlone(string part)
    {
        string prompt = string.Concat(Enumerable.Repeat(part, 100_000 / part.Length)) + new string(' ', 1000) + ".";

        Assert.StartsWith("Prompt must be at most 96 tokens (never more than 1536 characters), but has", Assert.Single(Problems(new VideoRequest { Prompt = prompt })), StringComparison.Ordinal);
        _ = PromptText.Parse(prompt + new string(' ', 100_000) + "--seed");
    }

    [Theory]
    [InlineData("🐈 走路 🎈")]
    [InlineData("قطة حمراء تتحرك إلى اليمين")]
    [InlineData("\u202eright to left\u202c")]
    public void Create_EmojiAndRightToLeftText_GoToTheEncoderAsTheyAre(string prompt) => Assert.Equal(prompt, Create(new VideoRequest { Prompt = prompt }).Shots[0].Caption);

    [Fact]
    public void Create_PackWithoutShots_GivesThePromptAsItIsWithANotice()
    {
        PackContract contract = Pack.Contract with { MaxShots = 1 };
        const string prompt = "[Shot 1] a cat. [Shot 2] a dog.";

        GenerationPlan plan = GenerationPlan.Create(new VideoRequest { Prompt = prompt }, contract, Pack.Scheduler);

        Assert.Equal(prompt, Assert.Single(plan.Shots).Caption);
        Assert.Contains("takes a prompt as one text", Assert.Single(plan.Notices), StringComparison.Ordinal);
    }

    [Fact]
    public void Create_FlagsInThePrompt_FillInWhatTheRequestLeavesOpen()
    {
        GenerationPlan plan = Create(new VideoRequest { Prompt = "a cat --ratio 9:16 --dur 1 --seed 5 --cf true" });
        GenerationPlan overruled = Create(new VideoRequest { Prompt = "a cat --rs 64x96 --frames 41 --seed 5", Width = 80, Height = 80, Duration = TimeSpan.FromSeconds(1), Seed = 6 });

        Assert.Equal((new VideoSize(64, 96), 9, 5ul, "a cat, fixed camera"), (plan.Size, plan.Frames, plan.Seed, plan.Shots[0].Caption));
        Assert.Equal((new VideoSize(80, 80), 9, 6ul, "a cat"), (overruled.Size, overruled.Frames, overruled.Seed, overruled.Shots[0].Caption));
    }

    [Theory]
    [InlineData("a --rs 100x64", "--resolution 100x64 in the prompt is passed over: sides are multiples of 16 pixels up to 8192.")]
    [InlineData("a --rs 1080p", "--resolution 1080p in the prompt is passed over: the pack makes 96x64, 80x80, 64x96.")]
    [InlineData("a --frames 57", "--frames 57 in the prompt became 41: the pack makes 1 + a multiple of 4, up to 41.")]
    [InlineData("a --dur 12", "--duration 12 in the prompt became 5.125: the pack makes no longer videos.")]
    [InlineData("a --fps 24", "--fps 24 in the prompt is passed over: the pack makes 8 frames a second.")]
    [InlineData("a --wm true", "--watermark in the prompt is passed over: none is drawn.")]
    public void Create_FlagsThatThePackCannotDo_AreNotices(string prompt, string notice)
    {
        GenerationPlan plan = Create(new VideoRequest { Prompt = prompt });

        Assert.Equal(notice, Assert.Single(plan.Notices));
    }

    [Theory]
    [InlineData(100, 50, 96, 64)]
    [InlineData(3000, 4000, 64, 96)]
    [InlineData(500, 501, 80, 80)]
    public void Create_ImageOfKnownSizeAndNoShapeAskedFor_TakesItsShape(int width, int height, int plannedWidth, int plannedHeight)
    {
        VideoRequest request = new() { Prompt = "a", FirstFrame = ImageSource.FromFile("a.png") with { Size = new VideoSize(width, height) } };

        Assert.Equal(new VideoSize(plannedWidth, plannedHeight), Create(request).Size);
    }

    [Fact]
    public void Create_ImagesOfAllKinds_StandAtTheirLatentFrames()
    {
        ImageSource image = ImageSource.FromFile("a.png");
        VideoRequest request = new() { Frames = 41, FirstFrame = image, LastFrame = image, Shots = [new ShotRequest { Caption = "a" }, new ShotRequest { Caption = "b", FirstFrame = image }] };

        GenerationPlan plan = Create(request);

        Assert.Equal("FirstFrame 0 in 0, ShotFrame 24 in 6, LastFrame 40 in 10", Places(plan));
    }

    [Fact]
    public void Create_ImagesOfAClipThatIsEncodedWhole_AreTheFramesThatWereMeant()
    {
        ImageSource image = ImageSource.FromFile("a.png");
        VideoRequest request = new() { Frames = 41, FirstFrame = image, LastFrame = image, Shots = [new ShotRequest { Caption = "a" }, new ShotRequest { Caption = "b", FirstFrame = image }] };
        PackContract whole = Pack.Contract with { TransformerChannels = new([new(ChannelKind.Noisy, 4), new(ChannelKind.Mask, 4), new(ChannelKind.Condition, 4, AbsentFrames.Grey)]) };

        GenerationPlan plan = GenerationPlan.Create(request, whole, Pack.Scheduler);

        Assert.Equal((21, "FirstFrame 0 in 0, ShotFrame 21 in 6, LastFrame 40 in 10"), (plan.Shots[1].FirstFrame, Places(plan)));
    }

    private static string Places(GenerationPlan plan) => string.Join(", ", plan.Conditions.Select(condition => $"{condition.Kind} {condition.Frame} in {condition.LatentFrame}"));

    public static TheoryData<VideoRequest, string> ImageMistakes
    {
        get
        {
            ImageSource image = ImageSource.FromFile("a.png");
            return new()
            {
                { new VideoRequest { Prompt = "a", LastFrame = image }, "FirstFrame must be given with LastFrame, but is missing. Give both, or the first alone." },
                { new VideoRequest { Prompt = "a", References = [image] }, "References must be left out with pack 'mini', whose transformer takes given frames only, but are 1. Give a first frame instead." },
                { new VideoRequest { Prompt = "a", Frames = 1, FirstFrame = image, LastFrame = image }, "LastFrame must have a latent frame of its own, but another image is given for the last one. Ask for a longer video, or leave one image out." },
                { new VideoRequest { Prompt = "a", ImageGuidance = 2 }, "ImageGuidance must be left out without images, but is there. Give a first frame, or leave it out." },
                { new VideoRequest { FirstFrame = image, Shots = [new ShotRequest { Caption = "a", FirstFrame = image }] }, "FirstFrame must be given once, but both the request and its first shot have one. Leave one out." },
            };
        }
    }

    [Theory, MemberData(nameof(ImageMistakes))]
    public void Create_ImagesThatCannotBe_AreRefused(VideoRequest request, string problem) => Assert.Equal(problem, Assert.Single(Problems(request)));

    [Fact]
    public void Create_ImagesWithAPackThatTakesNone_AreRefused()
    {
        PackContract contract = Pack.Contract with { Graphs = Pack.Contract.Graphs.Remove(GraphRoles.VaeEncoder) };

        InvalidRequestException error = Assert.Throws<InvalidRequestException>(
            () => GenerationPlan.Create(new VideoRequest { Prompt = "a", FirstFrame = ImageSource.FromFile("a.png") }, contract, Pack.Scheduler));

        Assert.Equal("Images must be left out with pack 'mini', which has no graph 'vae_encoder', but some are there. Use a pack that takes images.", Assert.Single(error.Problems));
    }

    [Fact]
    public void Create_GuidanceOfTextAndImages_HasThreeBranchesThatAddUpToOne()
    {
        VideoRequest request = new() { Prompt = "a", FirstFrame = ImageSource.FromFile("a.png"), Guidance = 3, ImageGuidance = 1.5, GuidanceInterval = new(0.3, 0.9), GuidanceRescale = 0.7 };

        GenerationPlan plan = Create(request);

        Assert.Equal([false, true, true], plan.Branches.Select(branch => branch.SeesImages));
        Assert.All(plan.Solver.Steps, step => Assert.Equal(step.Sigma is >= 0.3 and <= 0.9 ? [-0.5, -1.5, 3.0] : [1.0], step.Guidance.ToArray()));
        Assert.All(plan.Solver.Steps, step => Assert.Equal(step.Sigma is >= 0.3 and <= 0.9 ? [0, 1, 2] : [2], step.Rows.AsEnumerable()));
        Assert.All(plan.Solver.Steps, step => Assert.Equal(step.Sigma is >= 0.3 and <= 0.9 ? 0.7 : 0, step.Rescale));
        Assert.Contains(plan.Solver.Steps, step => step.Rescale > 0);
        Assert.Contains(plan.Solver.Steps, step => step.Rescale == 0);
    }

    [Fact]
    public void Create_ShiftBySize_GrowsWithTheRootOfThePositions()
    {
        GenerationPlan usual = Create(new VideoRequest { Prompt = "a", ShiftBySize = true }), larger = Create(new VideoRequest { Prompt = "a", ShiftBySize = true, Width = 192, Height = 128 });

        Assert.Equal((3.0, 6.0), (usual.Shift, larger.Shift));
        Assert.Equal(Onnx.Sampling.FlowSchedule.Shifted(25, 6).Sigmas, larger.Schedule.Sigmas);
    }

    [Theory]
    [InlineData(Onnx.Sampling.SolverKind.UniPC, 3, 4)]
    [InlineData(Onnx.Sampling.SolverKind.DpmSolverPlusPlus, 3, 3)]
    [InlineData(Onnx.Sampling.SolverKind.Lcm, 2, 1)]
    public void Create_SolverOrder_ReachesTheSolver(Onnx.Sampling.SolverKind kind, int order, int keep)
    {
        GenerationPlan plan = Create(new VideoRequest { Prompt = "a", Solver = kind, SolverOrder = order });

        Assert.Equal((order, keep), (plan.SolverOrder, plan.Solver.Keep));
    }

    private static GenerationPlan Create(VideoRequest request) => GenerationPlan.Create(request, Pack.Contract, Pack.Scheduler);

    private static IReadOnlyList<string> Problems(VideoRequest request) => Assert.Throws<InvalidRequestException>(() => Create(request)).Problems;

    private static (PackContract, SchedulerContract) ReadPack()
    {
        using PackFolderFixture fixture = new();
        ModelPack pack = fixture.Open();
        return (pack.Contract with { MaxShots = 4 }, pack.Scheduler);
    }
}
