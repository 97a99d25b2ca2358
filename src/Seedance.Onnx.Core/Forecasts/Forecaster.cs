using System.Collections.Immutable;
using Seedance.Onnx.Latents;

namespace Seedance.Onnx.Forecasts;

/// <summary>
/// Foretells times from counts: each operator takes the longer of its products' time at a share of the device's peak and its bytes' time at a share of the bandwidth
/// (the roofline, doi 10.1145/1498765.1498785), attention besides it the time of its exponentials, and every launch its own.
/// </summary>
public static class Forecaster
{
    /// <summary>The share of a device's memory that a program can have.</summary>
    private const double UsableMemory = 0.92;

    /// <summary>Pixels that a processor writes into an H.264 file in a second; assumed, for a few cores and FFmpeg's usual preset.</summary>
    private const double EncodedPixels = 60e6;

    /// <summary>Tiles overlap by a quarter, so that each brings three quarters of its side.</summary>
    private const double TileGain = 0.75;

    private const int MostTiles = 16;

    /// <summary>Foretells a video.</summary>
    /// <param name="request">Whose, and on what.</param>
    /// <returns>The prediction.</returns>
    /// <exception cref="InvalidRequestException">The device has no units for the format, or its software no such attention.</exception>
    public static Forecast Run(ForecastRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        DeviceSheet device = request.Device;
        EfficiencySheet efficiency = EfficiencySheet.All.First(sheet => sheet.Name == device.Efficiency);
        AttentionKernel attention = efficiency.FindAttention(request.Attention);
        if (request.Format is { } asked && device.FindPeak(asked) is null)
        {
            throw new InvalidRequestException([$"Precision must be one of {string.Join(", ", device.Tflops.Keys.Select(NumberFormatNames.ToName))} on '{device.Name}', but is {asked.ToName()}. Choose one of them."]);
        }

        Forecast[] all = [.. device.Tflops.Keys.Select(format => Run(request, efficiency, attention, format))];
        ImmutableArray<FormatForecast> formats = [.. all.Select(forecast => new FormatForecast(forecast.Format, forecast.TotalSeconds, forecast.Fit))];
        // Without a wish: the fastest of those that every model can be in, among those that fit best.
        Forecast chosen = request.Format is { } format
            ? all.FirstOrDefault(forecast => forecast.Format == format) ?? Run(request, efficiency, attention, format)
            : all.Where(forecast => forecast.Format.WeightBytes() > 1).OrderBy(forecast => forecast.Fit).ThenBy(forecast => forecast.TotalSeconds).First();
        return chosen with { Formats = formats };
    }

    /// <summary>Foretells one stage's time, without its memory.</summary>
    /// <param name="work">What it does.</param>
    /// <param name="device">On what.</param>
    /// <param name="efficiency">What software reaches there.</param>
    /// <param name="attention">How attention is computed.</param>
    /// <param name="format">What weights and products are in.</param>
    /// <returns>The prediction.</returns>
    public static StageForecast Run(StageWork work, DeviceSheet device, EfficiencySheet efficiency, AttentionKernel attention, NumberFormat format)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(efficiency);
        ArgumentNullException.ThrowIfNull(attention);
        int width = format.Activations().WeightBytes();
        double computing = 0, moving = 0, launching = 0;
        foreach (IGrouping<OperatorClass, OperatorWork> operators in work.Operators.GroupBy(one => one.Class))
        {
            double flops = operators.Sum(one => one.Flops), bytes = operators.Sum(one => one.Values) * width;
            double products = operators.Key switch
            {
                OperatorClass.Gemm => flops / (Peak(device, format) * efficiency.Gemm),
                OperatorClass.Convolution => flops / (Peak(device, format.Activations()) * efficiency.Convolution),
                OperatorClass.Attention => AttentionSeconds(flops, operators.Sum(one => one.Exponentials), device, attention, format),
                _ => 0,
            };
            double memory = bytes / (device.GigabytesPerSecond * 1e9 * efficiency.Memory);
            (computing, moving) = products >= memory ? (computing + products, moving) : (computing, moving + memory);
            launching += operators.Sum(one => one.Launches) * device.LaunchSeconds;
        }

        ForecastBound bound = computing >= moving && computing >= launching ? ForecastBound.Compute : moving >= launching ? ForecastBound.Bandwidth : ForecastBound.Launches;
        return new StageForecast(work.Name, computing + moving + launching, work.Flops, work.Values * width, bound, work.Parameters * format.WeightBytes(), work.LiveValues * width);
    }

    private static double AttentionSeconds(double flops, double exponentials, DeviceSheet device, AttentionKernel attention, NumberFormat format)
    {
        double peak = Peak(device, attention.Format ?? format.Activations()) * (attention.IsCurrent ? 1 : device.OldInstructions);
        return (flops / (peak * attention.Efficiency)) + (attention.ExponentialCost * exponentials / (device.Texponentials * 1e12));
    }

    /// <summary>The peak in a format; where there are no units for it, that of 16 bits, or of 32.</summary>
    private static double Peak(DeviceSheet device, NumberFormat format) =>
        device.FindPeak(format) ?? device.FindPeak(NumberFormat.Bf16) ?? device.FindPeak(NumberFormat.Fp32)!.Value;

    private static Forecast Run(ForecastRequest request, EfficiencySheet efficiency, AttentionKernel attention, NumberFormat format)
    {
        StageForecast[] stages = [.. request.Stages.Select(work => Run(work, request.Device, efficiency, attention, format))];
        double usable = request.Device.MemoryBytes * UsableMemory, weights = stages.Sum(stage => stage.WeightBytes);
        int decode = Array.FindIndex(stages, stage => stage.Name == StageWork.Decode);
        double others = stages.Where((_, index) => index != decode).Select(stage => stage.WorkingBytes).DefaultIfEmpty().Max();
        // Where everything can stay loaded it does; otherwise each stage has the memory to itself.
        bool together = weights + others <= usable && (decode < 0 || Pieces(stages[decode], usable - weights) is not null);
        VideoSize tile = request.Size;
        if (decode >= 0)
        {
            double room = usable - (together ? weights : stages[decode].WeightBytes);
            int pieces = Pieces(stages[decode], room) ?? MostTiles;
            tile = TileOf(request.Size, pieces);
            stages[decode] = Tiled(stages[decode], pieces);
        }

        bool apart = Array.TrueForAll(stages, stage => stage.WeightBytes + stage.WorkingBytes <= usable);
        double pixels = (double)request.Size.Width * request.Size.Height * request.Frames;
        return new Forecast
        {
            Request = request,
            Format = format,
            Attention = attention,
            Efficiency = efficiency,
            Stages = [.. stages, new StageForecast(StageWork.Encode, pixels / EncodedPixels, 0, pixels * 3, ForecastBound.Host, 0, 0)],
            Fit = together ? ForecastFit.All : apart ? ForecastFit.StageByStage : ForecastFit.Nothing,
            Tile = tile,
            Formats = [],
        };
    }

    /// <summary>Into how many tiles a frame's sides must be cut for decoding to fit; null where even the most are too few.</summary>
    private static int? Pieces(StageForecast decode, double room) =>
        Enumerable.Range(1, MostTiles).Select(pieces => (int?)pieces).FirstOrDefault(pieces => Tiled(decode, pieces!.Value).WorkingBytes <= room);

    private static StageForecast Tiled(StageForecast decode, int pieces)
    {
        double area = pieces == 1 ? 1 : 1 / (TileGain * TileGain);
        return decode with { Seconds = decode.Seconds * area, Flops = decode.Flops * area, Bytes = decode.Bytes * area, WorkingBytes = decode.WorkingBytes * area / (pieces * pieces) };
    }

    private static VideoSize TileOf(VideoSize size, int pieces) => pieces == 1
        ? size
        : new VideoSize((int)Math.Ceiling(size.Width / (TileGain * pieces) / 16) * 16, (int)Math.Ceiling(size.Height / (TileGain * pieces) / 16) * 16);
}
