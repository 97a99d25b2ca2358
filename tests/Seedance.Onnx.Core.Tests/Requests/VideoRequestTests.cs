using Seedance.Onnx.Core.Tests.Packs;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Core.Tests.Requests;

[Trait("Tier", "Unit")]
public sealed class VideoRequestTests
{
    private static readonly VideoRequest Fine = new() { Prompt = "a red ball moves to the right" };

    public static TheoryData<VideoRequest> FineRequests =>
    [
        Fine,
        Fine with { Prompt = "一只红色的猫在左边跳 🐈" },
        Fine with { Width = 128, Height = 16, Frames = 1, Steps = 1, Guidance = 0, Shift = 0.1, Solver = SolverKind.Heun },
        Fine with { Ratio = new AspectRatio(9, 16), Duration = TimeSpan.FromSeconds(5), Steps = 1000, Guidance = 100, NegativePrompt = "" },
        Fine with { Frames = 41, Seed = ulong.MaxValue },
    ];

    [Theory, MemberData(nameof(FineRequests))]
    public void FindProblems_OfAFineRequest_FindsNone(VideoRequest request)
    {
        Assert.Empty(request.FindProblems(Mini()));
    }

    public static TheoryData<VideoRequest, string> Mistakes => new()
    {
        { Fine with { Prompt = "" }, "Prompt must say what the video shows, but is empty. Describe it in a sentence." },
        { Fine with { Prompt = " \t\n" }, "Prompt must say what the video shows, but is empty. Describe it in a sentence." },
        { Fine with { Prompt = null! }, "Prompt must say what the video shows, but is empty. Describe it in a sentence." },
        { Fine with { Prompt = new string('a', 1537) }, "Prompt must be at most 96 tokens (never more than 1536 characters), but has 1537 characters. Shorten it." },
        { Fine with { NegativePrompt = new string('a', 2000) }, "NegativePrompt must be at most 96 tokens (never more than 1536 characters), but has 2000 characters. Shorten it." },
        { Fine with { Prompt = "half \ud83d" }, "Prompt must be valid Unicode text, but has half of a surrogate pair. Remove the broken character." },
        { Fine with { Width = 100, Height = 64 }, "Width must be a multiple of 16 pixels up to 8192, but is 100. The nearest is 96; this pack was made for 96x64, 80x80, 64x96." },
        { Fine with { Width = 96, Height = 0 }, "Height must be a multiple of 16 pixels up to 8192, but is 0. The nearest is 16; this pack was made for 96x64, 80x80, 64x96." },
        { Fine with { Width = 1 << 30, Height = 64 }, "Width must be a multiple of 16 pixels up to 8192, but is 1073741824. The nearest is 8192; this pack was made for 96x64, 80x80, 64x96." },
        { Fine with { Width = 96 }, "Width and Height must be given together, but only one is there. Give both, or a ratio." },
        { Fine with { Width = 96, Height = 64, Ratio = new AspectRatio(1, 1) }, "Ratio must be left out when Width and Height are given, but both are there. Give one or the other." },
        { Fine with { Ratio = default(AspectRatio) }, "Ratio must have two parts above 0, but is 0:0. Write it as 16:9." },
        { Fine with { Frames = 16 }, "Frames must be 1 + a multiple of 4, up to 41, but is 16. The nearest is 17." },
        { Fine with { Frames = 45 }, "Frames must be 1 + a multiple of 4, up to 41, but is 45. The nearest is 41." },
        { Fine with { Frames = -1 }, "Frames must be 1 + a multiple of 4, up to 41, but is -1. The nearest is 1." },
        { Fine with { Duration = TimeSpan.Zero }, "Duration must be above 0 and up to 5.125 seconds (41 frames at 8 a second), but is 0." },
        { Fine with { Duration = TimeSpan.FromSeconds(12) }, "Duration must be above 0 and up to 5.125 seconds (41 frames at 8 a second), but is 12." },
        { Fine with { Duration = TimeSpan.FromSeconds(2), Frames = 17 }, "Duration must be left out when Frames is given, but both are there. Give one or the other." },
        { Fine with { Steps = 0 }, "Steps must be from 1 to 1000, but is 0." },
        { Fine with { Steps = 1001 }, "Steps must be from 1 to 1000, but is 1001." },
        { Fine with { Guidance = -0.1 }, "Guidance must be from 0 to 100, but is -0.1." },
        { Fine with { Guidance = double.NaN }, "Guidance must be from 0 to 100, but is NaN." },
        { Fine with { Shift = 0 }, "Shift must be above 0 and up to 1000, but is 0." },
        { Fine with { Shift = double.PositiveInfinity }, "Shift must be above 0 and up to 1000, but is Infinity." },
        { Fine with { Solver = (SolverKind)9 }, "Solver must be one of euler, heun, unipc, dpm++, lcm, but is 9." },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public void FindProblems_OfOneMistake_StatesRuleAndValue(VideoRequest request, string expected)
    {
        Assert.Equal(expected, Assert.Single(request.FindProblems(Mini())));
    }

    [Fact]
    public void FindProblems_OfManyMistakes_FindsThemAllAtOnce()
    {
        VideoRequest request = new() { Prompt = "", Width = 97, Height = 65, Frames = 2, Steps = 0, Guidance = -1, Shift = -1 };

        Assert.Equal(
            ["Prompt", "Width", "Height", "Frames", "Steps", "Guidance", "Shift"],
            request.FindProblems(Mini()).Select(problem => problem.Split(' ')[0]));
    }

    private static PackContract Mini()
    {
        using PackFolderFixture fixture = new();
        return fixture.Open().Contract;
    }
}
