using Seedance.Onnx.Core.Tests.Packs;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Core.Tests.Requests;

/// <summary>Plans of videos that are longer than a clip, and of those that go on from another video.</summary>
[Trait("Tier", "Unit")]
public sealed class WindowPlanTests
{
    private static readonly (PackContract Contract, SchedulerContract Scheduler) Pack = ReadPack();
    private static readonly VideoSource Video = VideoSource.FromFile("a.mp4") with { Size = new VideoSize(64, 96), Duration = TimeSpan.FromSeconds(2) };

    [Theory]
    [InlineData(41, "41")]
    [InlineData(45, "13 17 17")] // 11 groups of 4 frames behind the first in windows of at most 4
    [InlineData(65, "17 17 17 17")]
    [InlineData(69, "13 13 13 17 17")]
    public void Create_LongerThanAClip_IsMadeInEqualWindows(int frames, string expected)
    {
        GenerationPlan plan = Create(new VideoRequest { Prompt = "a cat", Frames = frames });

        Assert.Equal(expected, string.Join(' ', plan.Windows.Select(window => window.Frames).Order()));
        Assert.Equal((frames, plan.Windows.Max(window => window.LatentFrames)), (plan.Frames, plan.Latents.Frames));
        Assert.Equal(0, plan.Windows[0].GivenFrames);
        Assert.Equal(Enumerable.Range(0, frames), plan.Windows.SelectMany(window => Enumerable.Range(window.FirstFrame + window.GivenFrames, window.NewFrames)));
        Assert.All(plan.Windows.Zip(plan.Windows.Skip(1)), pair => Assert.Equal((pair.First.FirstFrame + pair.First.Frames - 1, 1), (pair.Second.FirstFrame, pair.Second.GivenFrames)));
        Assert.All(plan.Windows, window => Assert.Equal(Pack.Contract.Latents.LatentFrames(window.Frames), window.LatentFrames));
    }

    [Fact]
    public void Create_AMinute_HasWindowsThatDifferByALatentFrameAtMost()
    {
        GenerationPlan plan = Create(new VideoRequest { Prompt = "a cat", Duration = TimeSpan.FromSeconds(60) });

        Assert.Equal((481, 30), (plan.Frames, plan.Windows.Length));
        Assert.InRange(plan.Windows.Max(window => window.Frames) - plan.Windows.Min(window => window.Frames), 0, 4);
    }

    [Fact]
    public void ClipOf_AnyWindow_IsAPlanOfItsOwnWithItsOwnNoise()
    {
        GenerationPlan plan = Create(new VideoRequest { Prompt = "a cat", Frames = 65, Seed = 7 });

        GenerationPlan[] clips = [.. Enumerable.Range(0, 4).Select(plan.ClipOf)];

        Assert.Equal((17, 5, 1), (clips[1].Frames, clips[1].Latents.Frames, clips[1].Windows.Length));
        Assert.Equal(7u, clips[0].Seed);
        Assert.Equal(4, clips.Select(clip => clip.Seed).Distinct().Count());
        Assert.Equal(clips.Select(clip => clip.Seed), Enumerable.Range(0, 4).Select(index => Create(plan.Request).ClipOf(index).Seed));
        Assert.Empty(clips[0].Conditions);
        Assert.All(clips.Skip(1), clip => Assert.Equal(new PlannedCondition(ConditionKind.Continuation, Image: null, 0, 0), Assert.Single(clip.Conditions)));
        Assert.Equal(clips[1].Windows[0], clips[1].ClipOf(0).Windows[0]);
    }

    [Fact]
    public void ClipOf_ShotsOverTheBorders_HasTheCaptionsOfItsFramesAndOfTheGivenOne()
    {
        ShotRequest Shot(string caption, double seconds) => new() { Caption = caption, Duration = TimeSpan.FromSeconds(seconds) };
        // 65 frames in 4 windows of 17: a to frame 8, b to the end of the first window, c to frame 24, d to the end.
        GenerationPlan plan = Create(new VideoRequest { Shots = [Shot("a", 9 / 8.0), Shot("b", 1), Shot("c", 1), Shot("d", 5)], Frames = 65 });

        string[] told = [.. Enumerable.Range(0, 4).Select(index => string.Join(' ', plan.ClipOf(index).Shots.Select(shot => $"{shot.Caption}:{shot.FirstLatentFrame}+{shot.LatentFrames}@{shot.FirstFrame}+{shot.Frames}")))];

        Assert.Equal(["a:0+3@0+9 b:3+2@9+8", "b:0+1@0+1 c:1+2@1+8 d:3+2@9+8", "d:0+5@0+17", "d:0+5@0+17"], told);
        Assert.Equal(["b", "c", "d"], plan.ClipOf(1).Branches[^1].Captions.AsEnumerable());
        long[] shots = new long[5];
        plan.ClipOf(1).CopyFrameShots(1, shots);
        Assert.Equal([0, 1, 1, 2, 2], shots);
    }

    [Fact]
    public void ClipOf_ImagesOfAllKinds_StandInTheWindowThatAddsThem()
    {
        ImageSource image = ImageSource.FromFile("a.png");
        ShotRequest[] shots = [new() { Caption = "a", Duration = TimeSpan.FromSeconds(25 / 8.0) }, new() { Caption = "b", FirstFrame = image }];
        GenerationPlan plan = Create(new VideoRequest { Shots = [.. shots], FirstFrame = image, LastFrame = image, Frames = 65 });

        string[] places = [.. Enumerable.Range(0, 4).Select(index => string.Join(", ", plan.ClipOf(index).Conditions.Select(condition => $"{condition.Kind} {condition.Frame} in {condition.LatentFrame}")))];

        Assert.Equal(["FirstFrame 0 in 0", "Continuation 0 in 0, ShotFrame 12 in 3", "Continuation 0 in 0", "Continuation 0 in 0, LastFrame 16 in 4"], places);
        Assert.Equal(2, PlannedShapes.Of(plan, Pack.Contract).Images);
    }

    [Fact]
    public void Create_MoreShotsThanTheTransformerTakes_MayStandInSeveralWindows()
    {
        VideoRequest request = new() { Shots = [.. Enumerable.Range(0, 8).Select(index => new ShotRequest { Caption = $"shot {index}" })] };

        Assert.Equal(8, Create(request with { Frames = 65 }).Shots.Length);
        Assert.Equal(
            "Shots must be at most 4 in frames 0 to 40, which are made at once, but are 8. Make them longer.",
            Assert.Single(Problems(request with { Frames = 41 })));
    }

    [Fact]
    public void Create_InputVideo_BeginsWithItsLastFrameAndTakesItsShape()
    {
        GenerationPlan plan = Create(new VideoRequest { Prompt = "a cat", InputVideo = Video, Duration = TimeSpan.FromSeconds(2) });

        Assert.Equal((17, 16, 16, 32), (plan.Frames, plan.Windows[0].NewFrames, plan.InputFrames, plan.OutputFrames));
        Assert.Equal(new VideoSize(64, 96), plan.Size);
        Assert.Equal(ConditionKind.Continuation, Assert.Single(plan.ClipOf(0).Conditions).Kind);
        Assert.Equal(1, PlannedShapes.Of(plan, Pack.Contract).Images);
        Assert.Equal((0, 16), (Create(plan.Request with { OnlyNew = true }).InputFrames, Create(plan.Request with { OnlyNew = true }).OutputFrames));
        Assert.Equal(5, Create(plan.Request with { Duration = TimeSpan.FromSeconds(0.01) }).Frames);
    }

    [Fact]
    public void WindowOf_FramesOfTheVideo_AreThoseOfTheWindowsThatAddThem()
    {
        GenerationPlan plan = Create(new VideoRequest { Prompt = "a cat", InputVideo = Video, Frames = 65 });

        int[] windows = [.. Enumerable.Range(0, plan.OutputFrames).Select(plan.WindowOf)];

        Assert.Equal([.. Enumerable.Repeat(0, 32), .. Enumerable.Repeat(1, 16), .. Enumerable.Repeat(2, 16), .. Enumerable.Repeat(3, 16)], windows);
    }

    public static TheoryData<VideoRequest, string> Mistakes
    {
        get
        {
            VideoRequest cat = new() { Prompt = "a cat" };
            ImageSource image = ImageSource.FromFile("a.png");
            return new()
            {
                { cat with { OnlyNew = true }, "OnlyNew must be left out without InputVideo, but is there. Give a video to go on from, or leave it out." },
                { cat with { InputVideo = Video, FirstFrame = image }, "FirstFrame must be left out with InputVideo, whose last frame it is, but is there. Leave one out." },
                { cat with { InputVideo = Video, Shots = [new ShotRequest { Caption = "a", FirstFrame = image }] }, "FirstFrame must be left out with InputVideo, whose last frame it is, but is there. Leave one out." },
                { cat with { InputVideo = Video, Frames = 1 }, "Frames must be at least 5 with InputVideo, because the first is the frame to go on from, but is 1." },
                { cat with { Frames = 44 }, "Frames must be 1 + a multiple of 4, up to 1000000, but is 44. The nearest is 45." },
                { cat with { Frames = 1_000_001 }, "Frames must be 1 + a multiple of 4, up to 1000000, but is 1000001. The nearest is 999997." },
            };
        }
    }

    [Theory, MemberData(nameof(Mistakes))]
    public void Create_WhatCannotBe_IsRefused(VideoRequest request, string problem) => Assert.Equal(problem, Assert.Single(Problems(request)));

    [Fact]
    public void Create_PackThatTakesNoFrames_RefusesToGoOn()
    {
        PackContract contract = Pack.Contract with { Graphs = Pack.Contract.Graphs.Remove(GraphRoles.VaeEncoder) };

        InvalidRequestException error = Assert.Throws<InvalidRequestException>(() => GenerationPlan.Create(new VideoRequest { Prompt = "a cat", InputVideo = Video }, contract, Pack.Scheduler));

        Assert.Equal("InputVideo must be left out with pack 'mini', which has no graph 'vae_encoder', but is there. Use a pack that takes a first frame.", Assert.Single(error.Problems));
    }

    [Fact]
    public void Create_OneImageAtMost_CountsThemInEachWindow()
    {
        ImageSource image = ImageSource.FromFile("a.png");
        PackContract contract = Pack.Contract with { MaxImages = 1 };
        VideoRequest request = new() { Prompt = "a cat", FirstFrame = image, Frames = 65 };

        Assert.Equal(4, GenerationPlan.Create(request, contract, Pack.Scheduler).Windows.Length);
        InvalidRequestException error = Assert.Throws<InvalidRequestException>(() => GenerationPlan.Create(request with { LastFrame = image }, contract, Pack.Scheduler));
        Assert.Equal(
            "Images must be 0 to 1 in frames 48 to 64, which are made at once, the frame that they go on from included, but are 2. Give others, or ask for at most 41 frames.", Assert.Single(error.Problems));
    }

    private static GenerationPlan Create(VideoRequest request) => GenerationPlan.Create(request, Pack.Contract, Pack.Scheduler);

    private static IReadOnlyList<string> Problems(VideoRequest request) => Assert.Throws<InvalidRequestException>(() => Create(request)).Problems;

    private static (PackContract, SchedulerContract) ReadPack()
    {
        using PackFolderFixture fixture = new("mini", contract => contract["video"]!["window_frames"] = 17);
        ModelPack pack = fixture.Open();
        return (pack.Contract with { MaxShots = 4 }, pack.Scheduler);
    }
}
