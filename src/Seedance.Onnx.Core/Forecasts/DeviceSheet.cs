using System.Collections.Immutable;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Forecasts;

/// <summary>What a device can do at most, from its data sheet or measured.</summary>
public sealed record DeviceSheet
{
    /// <summary>The name to ask for it by, for example "l20".</summary>
    public required string Name { get; init; }

    /// <summary>Its full name.</summary>
    public required string Title { get; init; }

    /// <summary>Where the numbers come from.</summary>
    public required string Source { get; init; }

    /// <summary>The <see cref="EfficiencySheet"/> that says how much of it software reaches.</summary>
    public required string Efficiency { get; init; }

    /// <summary>Dense products in 10^12 operations a second, by number format; formats that it has no units for are missing.</summary>
    public required ImmutableSortedDictionary<NumberFormat, double> Tflops { get; init; }

    /// <summary>Exponentials in 10^12 a second.</summary>
    public required double Texponentials { get; init; }

    /// <summary>
    /// The share of <see cref="Tflops"/> that is left to kernels with the instructions of the generation before, 0 to 1; 1 where there are no newer ones. On
    /// Hopper, mma.sync instead of wgmma: 0.63 (arXiv 2402.13499), which is what FlashAttention-2 uses.
    /// </summary>
    public required double OldInstructions { get; init; }

    /// <summary>10^9 bytes a second between it and its memory.</summary>
    public required double GigabytesPerSecond { get; init; }

    /// <summary>Its memory in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Seconds to get it to do something at all.</summary>
    public required double LaunchSeconds { get; init; }

    /// <summary>The sheets that come with this library, by name.</summary>
    public static ImmutableArray<DeviceSheet> All => Data.Devices.Value;

    /// <summary>Finds a sheet.</summary>
    /// <param name="nameOrPath">The name of one of <see cref="All"/>, in any case, or a JSON file that ends in .json.</param>
    /// <returns>The sheet.</returns>
    /// <exception cref="InvalidRequestException">There is none, or the file is malformed; every problem is listed.</exception>
    public static DeviceSheet Find(string nameOrPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(nameOrPath);
        return All.FirstOrDefault(sheet => string.Equals(sheet.Name, nameOrPath, StringComparison.OrdinalIgnoreCase))
            ?? (nameOrPath.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
                ? ForecastFiles.Read("Device", nameOrPath, Read)
                : throw new InvalidRequestException([$"Device must be one of {string.Join(", ", All.Select(sheet => sheet.Name))}, or a JSON file like theirs, but is '{nameOrPath}'. Choose one of them."]));
    }

    /// <summary>The peak for products in a format.</summary>
    /// <param name="format">The format.</param>
    /// <returns>Operations a second; that of bf16 or fp16 for the other of the two, and null where it has no units for it.</returns>
    public double? FindPeak(NumberFormat format) => 1e12 * (Tflops.TryGetValue(format, out double peak) ? peak
        : format == NumberFormat.Bf16 && Tflops.TryGetValue(NumberFormat.Fp16, out peak) ? peak
        : format == NumberFormat.Fp16 && Tflops.TryGetValue(NumberFormat.Bf16, out peak) ? peak
        : (double?)null);

    private static DeviceSheet Read(JsonFields fields)
    {
        fields.Setting("$schema", required: null, optional: true);
        JsonFields peaks = fields.Fields("tflops");
        ImmutableSortedDictionary<NumberFormat, double>.Builder tflops = ImmutableSortedDictionary.CreateBuilder<NumberFormat, double>();
        foreach (string name in NumberFormatNames.All.Where(peaks.Has))
        {
            _ = NumberFormatNames.TryParse(name, out NumberFormat format);
            tflops[format] = peaks.Number(name, 0, 1e6);
        }

        if (!tflops.ContainsKey(NumberFormat.Fp32))
        {
            fields.Report("tflops", $"an object with fp32 and what else there is of {string.Join(", ", NumberFormatNames.All)}");
        }

        peaks.Close();
        DeviceSheet sheet = new()
        {
            Name = fields.Text("name"),
            Title = fields.Text("title"),
            Source = fields.Text("source"),
            Efficiency = fields.Text("efficiency", $"one of {string.Join(", ", EfficiencySheet.All.Select(known => known.Name))}", name => EfficiencySheet.All.Any(known => known.Name == name)),
            Tflops = tflops.ToImmutable(),
            Texponentials = fields.Number("texponentials", 0, 1e4),
            OldInstructions = fields.Number("old_instructions", 0, 1, ifMissing: 1),
            GigabytesPerSecond = fields.Number("gigabytes_per_second", 0, 1e6),
            MemoryBytes = (long)(1e9 * fields.Number("memory_gigabytes", 0, 1e5)),
            LaunchSeconds = 1e-6 * fields.Number("launch_microseconds", 0, 1e4, orEqual: true),
        };
        fields.Close();
        return sheet;
    }

    /// <summary>What is embedded in this library; a fault in it is a fault of the build.</summary>
    private static class Data
    {
        public static readonly Lazy<ImmutableArray<DeviceSheet>> Devices = new(() =>
            ForecastFiles.ReadEmbedded("devices.json", root => root.FieldsList("devices").Select(Read).ToImmutableArray()));
    }
}
