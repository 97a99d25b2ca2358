using Seedance.Onnx.Latents;
using Seedance.Onnx.Prompts;

namespace Seedance.Onnx.Core.Tests.Prompts;

[Trait("Tier", "Unit")]
public sealed class PromptTextTests
{
    [Fact]
    public void Parse_EveryFlagByItsShortName_IsTakenOutOfTheWords()
    {
        PromptText text = PromptText.Parse("a red ball --rs 96x64 moves right --rt 16:9 --dur 2.5 --frames 17 --fps 24 --seed 11 --cf true --wm false");

        Assert.Equal("a red ball moves right", text.Words);
        Assert.Equal((new VideoSize(96, 64), new AspectRatio(16, 9), TimeSpan.FromSeconds(2.5), 17, 24), (text.Size, text.Ratio, text.Duration, text.Frames, text.Fps));
        Assert.Equal((11ul, true, false), (text.Seed, text.FixedCamera, text.Watermark));
        Assert.Empty(text.Notices);
    }

    [Fact]
    public void Parse_EveryFlagByItsLongName_IsTheSame()
    {
        PromptText text = PromptText.Parse("一只猫 --resolution 720p --ratio=1:1 --duration 5 --framespersecond 16 --camerafixed false --watermark true");

        Assert.Equal(("一只猫", 720, new AspectRatio(1, 1), TimeSpan.FromSeconds(5), 16, false, true), (text.Words, text.ShortSide, text.Ratio, text.Duration, text.Fps, text.FixedCamera, text.Watermark));
    }

    [Theory]
    [InlineData("ball --dur soon", "--dur in the prompt is passed over: 'soon' is no value of it.")]
    [InlineData("ball --ratio --seed 4", "--ratio in the prompt is passed over: nothing after it is no value of it.")]
    [InlineData("ball --seed -7", "--seed in the prompt is passed over: '-7' is no value of it.")]
    [InlineData("ball --RS 4k", "--rs in the prompt is passed over: '4k' is no value of it.")]
    public void Parse_ValueThatMakesNoSense_IsPassedOverWithANotice(string prompt, string notice)
    {
        PromptText text = PromptText.Parse(prompt);

        Assert.Equal("ball", text.Words);
        Assert.Equal(notice, Assert.Single(text.Notices));
    }

    [Theory]
    [InlineData("--ball--")]
    [InlineData("a ball --spin 3")]
    [InlineData("  two  spaces\tand a tab ")]
    [InlineData("x--seed 3")]
    [InlineData("")]
    public void Parse_WordsThatAreNoFlags_StayAsTheyAre(string prompt) => Assert.Equal(prompt, PromptText.Parse(prompt).Words);

    [Fact]
    public void Parse_FlagTwice_TheLastCounts() => Assert.Equal(2ul, PromptText.Parse("ball --seed 1 --seed 2").Seed);

    [Fact]
    public void Parse_SeedOfMinusOne_LeavesItOpen() => Assert.Null(PromptText.Parse("ball --seed -1").Seed);
}
