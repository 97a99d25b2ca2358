using System.Globalization;
using System.Text;
using Seedance.Onnx.Forecasts;

namespace Seedance.Onnx.Cli;

/// <summary>What plan tells, for people and for scripts; both say that it is a prediction.</summary>
/// <param name="forecast">The prediction.</param>
/// <param name="source">Where the model's dimensions come from.</param>
internal sealed class ForecastReport(Forecast forecast, string source)
{
    private readonly ForecastRequest _request = forecast.Request;

    public string ToJson() => Json.Write(new
    {
        Prediction = true,
        _request.Model,
        Device = _request.Device.Name,
        Precision = forecast.Format.ToName(),
        Attention = forecast.Attention.Name,
        _request.Size.Width,
        _request.Size.Height,
        _request.Frames,
        _request.Fps,
        _request.Seconds,
        forecast.TotalSeconds,
        forecast.SecondsPerVideoSecond,
        forecast.PricePerVideoSecond,
        Fits = NameOf(forecast.Fit),
        forecast.PeakBytes,
        DeviceBytes = _request.Device.MemoryBytes,
        Tile = forecast.Tile.ToString(),
        Stages = forecast.Stages.Select(stage => new { stage.Name, stage.Seconds, stage.Flops, stage.Bytes, Bound = NameOf(stage.Bound), stage.WeightBytes, stage.WorkingBytes }),
        Precisions = forecast.Formats.Select(format => new { Name = format.Format.ToName(), format.TotalSeconds, Fits = NameOf(format.Fit) }),
        Accuracy = new { forecast.Efficiency.Rows, forecast.Efficiency.MedianError, forecast.Efficiency.LargestError, forecast.Efficiency.Source },
        Sources = new { Model = source, Device = _request.Device.Source },
    });

    public string ToText()
    {
        StringBuilder text = new();
        Line("prediction", $"{_request.Model} on {_request.Device.Title}; nothing of it was measured");
        Line("video", $"{_request.Size}, {_request.Frames} frames at {_request.Fps} a second ({_request.Seconds:0.0} s)");
        Line("computed in", $"{forecast.Format.ToName()}, attention {forecast.Attention.Name}");
        foreach (StageForecast stage in forecast.Stages)
        {
            string work = stage.Flops > 0 ? $", {Quantity.Count((long)stage.Flops)} operations, {Quantity.Bytes((long)stage.Bytes)} moved" : "";
            Line($"  {stage.Name}", $"{Time(stage.Seconds),8}  {stage.Seconds / forecast.TotalSeconds,4:0%}  bound by {NameOf(stage.Bound)}{work}");
        }

        string price = forecast.PricePerVideoSecond is { } perSecond ? $", {perSecond:0.####} at {_request.PricePerHour:0.##} an hour" : "";
        Line("in all", $"{Time(forecast.TotalSeconds)}; {Time(forecast.SecondsPerVideoSecond)} for a second of video{price}");
        Line("memory", $"{Quantity.Bytes((long)forecast.PeakBytes)} at most, of {Quantity.Bytes(_request.Device.MemoryBytes)}: {Describe(forecast.Fit)}");
        Line("decoding", forecast.Tile == _request.Size ? "whole frames" : $"in tiles of {forecast.Tile}");
        Line("precisions", string.Join(", ", forecast.Formats.Select(format => $"{format.Format.ToName()} {Time(format.TotalSeconds)}{(format.Fit == ForecastFit.Nothing ? " (does not fit)" : "")}")));
        EfficiencySheet known = forecast.Efficiency;
        Line("accuracy", known.Rows > 0
            ? $"off by {known.MedianError:0%} in the median, {known.LargestError:0%} at most, for {known.Rows} published times, each left out of the fit in turn"
            : $"not known: shares of the peak are {known.Source}");
        Line("from", source);
        return text.ToString().TrimEnd();

        void Line(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"{name,-13}{value}\n");
    }

    private static string Describe(ForecastFit fit) => fit switch
    {
        ForecastFit.All => "everything stays loaded",
        ForecastFit.StageByStage => "one stage after the other, its weights loaded for it",
        _ => "it does not fit; take fewer or smaller frames, or narrower numbers",
    };

    private static string NameOf(ForecastFit fit) => fit switch
    {
        ForecastFit.All => "all",
        ForecastFit.StageByStage => "stage-by-stage",
        _ => "nothing",
    };

    private static string NameOf(ForecastBound bound) => bound.ToString().ToLowerInvariant();

    private static string Time(double seconds) => seconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0.#} ms"),
        < 100 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
    };
}
