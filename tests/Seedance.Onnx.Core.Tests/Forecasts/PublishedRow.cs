using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Forecasts;

/// <summary>A time that someone published, and what it takes to foretell it.</summary>
/// <param name="Name">What errors and tables call it.</param>
/// <param name="Device">The device.</param>
/// <param name="Format">What weights were in.</param>
/// <param name="Attention">How attention was computed.</param>
/// <param name="Seconds">What was published.</param>
/// <param name="Work">What was done, operators of one class together.</param>
/// <param name="OnlyRowFor">The class of operators that no other row tells of; empty where others do.</param>
internal sealed record PublishedRow(string Name, DeviceSheet Device, NumberFormat Format, string Attention, double Seconds, ImmutableArray<StageWork> Work, string OnlyRowFor)
{
    public static ImmutableArray<PublishedRow> ReadAll() => ForecastFiles.Read(
        "Rows",
        RepositoryFolder.PathOf("tests", "Seedance.Onnx.Core.Tests", "Forecasts", "published.json"),
        root =>
        {
            ImmutableArray<PublishedRow> rows = [.. root.FieldsList("rows").Select(Read)];
            root.Close();
            return rows;
        });

    /// <summary>What is foretold for it.</summary>
    public double Foretell(EfficiencySheet efficiency) =>
        Work.Sum(stage => Forecaster.Run(stage, Device, efficiency, efficiency.FindAttention(Attention), Format).Seconds);

    /// <summary>How far that is off: 0.1 for 10 % too long.</summary>
    public double ErrorOf(EfficiencySheet efficiency) => (Foretell(efficiency) / Seconds) - 1;

    private static PublishedRow Read(JsonFields fields)
    {
        ModelShape shape = ModelShape.Find(fields.Text("model", "a shape", ModelShape.Names.Contains));
        _ = VideoSize.TryParse(fields.Text("size"), out VideoSize size);
        int frames = fields.Whole("frames", 1, 10_000);
        _ = NumberFormatNames.TryParse(fields.Text("precision", "a precision", NumberFormatNames.All.Contains), out NumberFormat format);
        ImmutableArray<StageWork> stages = shape.WorkOf(size, frames, fields.Whole("steps", 1, 1000), fields.Whole("branches", 1, 16));
        string what = fields.Text("what", "one of video, step, decode", what => what is "video" or "step" or "decode");
        PublishedRow row = new(
            fields.Text("name"),
            DeviceSheet.Find(fields.Text("device")),
            format,
            fields.Text("attention"),
            fields.Number("seconds", 0, 1e6),
            [.. stages.Where(stage => what == "video" || stage.Name == (what == "step" ? StageWork.Denoise : StageWork.Decode)).Select(Collapse)],
            fields.Text("only_row_for", ifMissing: ""));
        _ = fields.Text("source");
        _ = fields.Text("note", ifMissing: "");
        fields.Close();
        return row;
    }

    private static StageWork Collapse(StageWork stage) => stage with
    {
        Operators = [.. stage.Operators.GroupBy(work => work.Class).Select(group => new OperatorWork(
            group.Key, group.Sum(work => work.Flops), group.Sum(work => work.Values), group.Sum(work => work.Exponentials), group.Sum(work => work.Launches)))],
    };
}
