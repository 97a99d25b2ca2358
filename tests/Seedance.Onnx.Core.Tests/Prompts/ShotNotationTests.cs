using Seedance.Onnx.Prompts;

namespace Seedance.Onnx.Core.Tests.Prompts;

[Trait("Tier", "Unit")]
public sealed class ShotNotationTests
{
    [Theory]
    [InlineData("[Shot 1] a green bird moves right. [Shot 2] the same bird, close, stays still.", "a green bird moves right|the same bird, close, stays still")]
    [InlineData("[shot 1]: a cat; [SHOT 2] a dog", "a cat|a dog")]
    [InlineData("Shot 1: a cat. Shot 2: a dog.", "a cat|a dog")]
    [InlineData("镜头1:一只猫 镜头2:一只狗", "一只猫|一只狗")]
    [InlineData("镜头1：一只猫向右移动，草地。镜头2：同一只猫。", "一只猫向右移动，草地|同一只猫")]
    [InlineData("镜头一：一只猫，镜头二：一只狗", "一只猫|一只狗")]
    [InlineData("【镜头1】一只猫【镜头2】一只狗", "一只猫|一只狗")]
    [InlineData("flat style. [Shot 1] a cat [Shot 2] a dog", "flat style, a cat|flat style, a dog")]
    [InlineData("扁平风格。镜头1:一只猫 镜头2:一只狗", "扁平风格，一只猫|扁平风格，一只狗")]
    [InlineData("a cat walks, then cut to a dog, then cut to a bird", "a cat walks|a dog|a bird")]
    [InlineData("a cat walks. Then cut to: a dog.", "a cat walks|a dog")]
    [InlineData("a cat walks and then cut to a dog", "a cat walks|a dog")]
    [InlineData("一只猫向右移动，然后切换到一只狗", "一只猫向右移动|一只狗")]
    [InlineData("一只猫,然后切换到一只狗。切换到一只鸟", "一只猫|一只狗|一只鸟")]
    public void Split_EveryNotation_GivesTheCaptions(string prompt, string captions)
    {
        List<string> problems = [];

        Assert.Equal(captions.Split('|'), ShotNotation.Split(prompt, problems).AsEnumerable());
        Assert.Empty(problems);
        Assert.True(ShotNotation.IsUsed(prompt));
    }

    [Theory]
    [InlineData("a red ball moves to the right.")]
    [InlineData("hair cut to the shoulders")]
    [InlineData("a shot 1 m away of a cat")]
    [InlineData("镜头左移，一只猫")]
    [InlineData("")]
    public void Split_OneShot_StaysAsItIs(string prompt)
    {
        Assert.Equal([prompt], ShotNotation.Split(prompt, []).AsEnumerable());
        Assert.False(ShotNotation.IsUsed(prompt));
    }

    [Theory]
    [InlineData("[Shot 1] a cat [Shot 3] a dog", "Shots of the prompt must be numbered 1, 2, 3 and so on, but are numbered 1, 3. Number them in order.")]
    [InlineData("[Shot 1] a cat [Shot 2] .", "Shot 2 of the prompt must say what it shows, but is empty. Describe it, or leave it out.")]
    [InlineData("a cat, then cut to .", "Shot 2 of the prompt must say what it shows, but is empty. Describe it, or leave it out.")]
    public void Split_WhatMakesNoSense_IsTold(string prompt, string problem)
    {
        List<string> problems = [];

        _ = ShotNotation.Split(prompt, problems);

        Assert.Equal(problem, Assert.Single(problems));
    }
}
