using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Forecasts;

/// <summary>Shapes, device sheets and forecasts: what they count, what they refuse, what they advise.</summary>
[Trait("Tier", "Unit")]
public sealed class ForecastTests : IDisposable
{
    private static readonly VideoSize Small = new(832, 480), Large = new(1280, 720);

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Shapes => [.. ModelShape.Names];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Find_ShippedShape_HasItsNameAndValidSizes(string name)
    {
        ModelShape shape = ModelShape.Find(name);

        Assert.Equal(name, shape.Name);
        Assert.All(shape.Sizes, size => Assert.True(shape.Latents.LatentsOf(size.Value, shape.Frames).Length > 0));
    }

    [Theory]
    [InlineData("wan-2.1-1.3b", 1.3e9, 1.45e9)]
    [InlineData("wan-2.1-14b", 13.5e9, 14.5e9)]
    [InlineData("hunyuan-video-13b", 12.3e9, 13.2e9)]
    [InlineData("ltx-video-2b", 1.8e9, 2.0e9)]
    public void Parameters_OfDenoiser_AreThePublishedNumber(string name, double least, double most) =>
        Assert.InRange(ModelShape.Find(name).Denoiser.Parameters, least, most);

    [Fact]
    public void WorkOf_TwiceAsManyStepsAndBranches_IsFourTimesTheDenoising()
    {
        ModelShape shape = ModelShape.Find("wan-2.1-1.3b");

        double once = Denoising(shape.WorkOf(Small, 81, steps: 10, branches: 1)), more = Denoising(shape.WorkOf(Small, 81, steps: 20, branches: 2));

        Assert.Equal(4, more / once, 1e-9);
    }

    [Fact]
    public void WorkOf_FullAttention_GrowsFasterThanTheVideo()
    {
        ModelShape shape = ModelShape.Find("wan-2.1-14b");

        double ratio = Denoising(shape.WorkOf(Large, 81)) / Denoising(shape.WorkOf(Small, 81));

        Assert.InRange(ratio, 1.05 * Large.Width * Large.Height / (Small.Width * Small.Height), Math.Pow((double)Large.Width * Large.Height / (Small.Width * Small.Height), 2));
    }

    [Fact]
    public void WorkOf_CascadeAtItsBaseSize_DoesNotUpscale()
    {
        ModelShape shape = ModelShape.Find("seedance-like");

        Assert.Equal([StageWork.Text, StageWork.Denoise, StageWork.Decode], shape.WorkOf(new VideoSize(864, 480), 121).Select(stage => stage.Name));
        Assert.Equal([StageWork.Text, StageWork.Denoise, StageWork.Upscale, StageWork.Decode], shape.WorkOf(new VideoSize(1920, 1088), 121).Select(stage => stage.Name));
        Assert.Equal(Denoising(shape.WorkOf(new VideoSize(864, 480), 121)), Denoising(shape.WorkOf(new VideoSize(1920, 1088), 121)), 0.05 * Denoising(shape.WorkOf(new VideoSize(864, 480), 121)));
    }

    [Fact]
    public void Run_AttentionOfHand_IsProductsAndExponentials()
    {
        DeviceSheet device = DeviceSheet.Find("h20");
        EfficiencySheet sheet = EfficiencySheet.All.First(known => known.Name == "cuda");
        StageWork work = new("x", [new OperatorWork(OperatorClass.Attention, 1e15, 1, 1e12, 0)], 0, 0);

        StageForecast stage = Forecaster.Run(work, device, sheet, sheet.Attention[0], NumberFormat.Bf16);

        double expected = (1e15 / (148e12 * 0.63 * sheet.Attention[0].Efficiency)) + (1.6 * 1e12 / 2.47e12);
        Assert.Equal((ForecastBound.Compute, true), (stage.Bound, Math.Abs(stage.Seconds - expected) < 1e-9 * expected));
    }

    [Fact]
    public void Run_MovingMoreThanComputing_IsBoundByBandwidth()
    {
        DeviceSheet device = DeviceSheet.Find("l20");
        EfficiencySheet sheet = EfficiencySheet.All.First(known => known.Name == "cuda");
        StageWork work = new("x", [new OperatorWork(OperatorClass.Gemm, 1e9, 1e12, 0, 0)], 0, 0);

        StageForecast stage = Forecaster.Run(work, device, sheet, sheet.Attention[0], NumberFormat.Fp16);

        Assert.Equal((ForecastBound.Bandwidth, 2e12), (stage.Bound, stage.Bytes));
        Assert.Equal(2e12 / (864e9 * sheet.Memory), stage.Seconds, 1e-6);
    }

    [Fact]
    public void Run_LargeModelOnASmallCard_GoesStageByStageInTiles()
    {
        Forecast small = Forecaster.Run(Request("wan-2.1-14b", "rtx4090", Small, 81) with { Format = NumberFormat.Fp8 }), large = Forecaster.Run(Request("wan-2.1-14b", "h200", Large, 81));

        Assert.Equal((ForecastFit.StageByStage, ForecastFit.All), (small.Fit, large.Fit));
        Assert.Equal(Large, large.Tile);
        Assert.True(Forecaster.Run(Request("wan-2.1-1.3b", "rtx4090", Large, 81)).Tile.Width < Large.Width);
        Assert.Equal(ForecastFit.Nothing, Forecaster.Run(Request("wan-2.1-14b", "rtx4090", Large, 81) with { Format = NumberFormat.Bf16 }).Fit);
    }

    [Fact]
    public void Run_WithoutWish_TakesTheFastestSixteenBitsAndTellsOfOthers()
    {
        Forecast forecast = Forecaster.Run(Request("wan-2.1-1.3b", "l20", Small, 81) with { PricePerHour = 3.6 });

        Assert.Contains(forecast.Format, new[] { NumberFormat.Fp16, NumberFormat.Bf16 });
        Assert.Equal(["fp32", "fp16", "bf16", "fp8", "int8"], forecast.Formats.Select(format => format.Format.ToName()));
        Assert.Equal(forecast.TotalSeconds / forecast.Request.Seconds / 1000, forecast.PricePerVideoSecond!.Value, 1e-9);
        Assert.Equal([StageWork.Text, StageWork.Denoise, StageWork.Decode, StageWork.Encode], forecast.Stages.Select(stage => stage.Name));
    }

    [Fact]
    public void Run_FormatWithoutUnits_IsRefused()
    {
        InvalidRequestException error = Assert.Throws<InvalidRequestException>(() => Forecaster.Run(Request("wan-2.1-1.3b", "a100", Small, 81) with { Format = NumberFormat.Fp8 }));

        Assert.Equal(["Precision must be one of fp32, fp16, bf16, int8 on 'a100', but is fp8. Choose one of them."], error.Problems);
    }

    [Fact]
    public void Find_UnknownDevice_NamesAllThatThereAre()
    {
        InvalidRequestException error = Assert.Throws<InvalidRequestException>(() => DeviceSheet.Find("abacus"));

        Assert.StartsWith("Device must be one of l20, l40s, rtx4090, ", error.Problems[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Find_DamagedFiles_ListEveryProblem()
    {
        string device = _folder.PathOf("card.json"), shape = _folder.PathOf("model.json");
        File.WriteAllText(device, """{ "name": "x", "title": "x", "source": "x", "efficiency": "magic", "tflops": { "fp16": 1, "fp3": 1 }, "texponentials": 1, "gigabytes_per_second": -1, "memory_gigabytes": 1, "launch_microseconds": 1 }""");
        File.WriteAllText(shape, """{ "name": "x", "depth": 3 }""");

        IReadOnlyList<string> inDevice = Assert.Throws<InvalidRequestException>(() => DeviceSheet.Find(device)).Problems;
        IReadOnlyList<string> inShape = Assert.Throws<InvalidRequestException>(() => ModelShape.Find(shape)).Problems;

        Assert.Contains("Device 'card.json': $.efficiency must be one of cuda, cpu, but is \"magic\".", inDevice);
        Assert.Contains(inDevice, problem => problem.StartsWith("Device 'card.json': $.tflops.fp3 must be a known key", StringComparison.Ordinal));
        Assert.Contains(inDevice, problem => problem.Contains("$.gigabytes_per_second must be a number above 0", StringComparison.Ordinal));
        Assert.Contains(inShape, problem => problem.StartsWith("Shape 'model.json': $.depth must be a known key", StringComparison.Ordinal));
        Assert.Contains("Shape 'model.json': $.decoder must be a list of objects, but is missing.", inShape);
    }

    private static double Denoising(ImmutableArray<StageWork> stages) => stages.First(stage => stage.Name == StageWork.Denoise).Flops;

    private static ForecastRequest Request(string model, string device, VideoSize size, int frames)
    {
        ModelShape shape = ModelShape.Find(model);
        return new ForecastRequest { Model = model, Stages = shape.WorkOf(size, frames), Device = DeviceSheet.Find(device), Size = size, Frames = frames, Fps = shape.Fps };
    }
}
