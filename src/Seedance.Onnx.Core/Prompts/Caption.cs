namespace Seedance.Onnx.Prompts;

/// <summary>What is said of a shot, put together from parts in one language.</summary>
internal static class Caption
{
    /// <summary>Joins the parts that say something with a comma, a Chinese one behind a Chinese part.</summary>
    public static string Join(params ReadOnlySpan<string> parts)
    {
        string joined = "";
        foreach (string part in parts)
        {
            joined = joined.Length == 0 || part.Length == 0 ? joined + part : joined + (IsChinese(joined) ? "，" : ", ") + part;
        }

        return joined;
    }

    /// <summary>Whether a text is Chinese, wholly or in part.</summary>
    public static bool IsChinese(string text) => text.Any(c => c is >= '\u4e00' and <= '\u9fff');
}
