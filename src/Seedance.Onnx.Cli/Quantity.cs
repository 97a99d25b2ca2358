namespace Seedance.Onnx.Cli;

/// <summary>Numbers as people read them.</summary>
internal static class Quantity
{
    private static readonly string[] Units = ["k", "M", "G", "T", "P", "E"];

    /// <summary>"812 bytes", "24 kB", "31.4 MB": steps of 1000.</summary>
    public static string Bytes(long bytes) => bytes < 1000 ? $"{bytes} bytes" : $"{Count(bytes)}B";

    /// <summary>"812", "24 k", "31.4 M": steps of 1000.</summary>
    public static string Count(long count)
    {
        if (count < 1000)
        {
            return $"{count}";
        }

        double value = count / 1000.0;
        int unit = 0;
        for (; value >= 999.5 && unit < Units.Length - 1; unit++)
        {
            value /= 1000;
        }

        return value < 10 ? $"{value:0.0} {Units[unit]}" : $"{value:0} {Units[unit]}";
    }
}
