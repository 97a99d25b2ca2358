namespace Seedance.Onnx.Prompts;

/// <summary>Camera moves as commands and storyboards name them, and as captions tell them.</summary>
public static class CameraNames
{
    private static readonly (CameraMove Move, string Name, string English, string Chinese)[] Known =
    [
        (CameraMove.Fixed, "fixed", "fixed camera", "固定镜头"),
        (CameraMove.PanLeft, "pan-left", "the camera pans left", "镜头左移"),
        (CameraMove.PanRight, "pan-right", "the camera pans right", "镜头右移"),
        (CameraMove.ZoomIn, "zoom-in", "the camera zooms in", "镜头推近"),
        (CameraMove.ZoomOut, "zoom-out", "the camera zooms out", "镜头拉远"),
    ];

    /// <summary>Every name: fixed, pan-left, pan-right, zoom-in, zoom-out.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Known.Select(known => known.Name)];

    /// <summary>The name of a move.</summary>
    /// <param name="move">The move.</param>
    /// <returns>Its name, lower case.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="move"/> is no move.</exception>
    public static string ToName(this CameraMove move) => Find(move).Name;

    /// <summary>Reads a move's name.</summary>
    /// <param name="name">One of <see cref="All"/>, in the same case; anything else, null too, is no name.</param>
    /// <param name="move">The move; <see cref="CameraMove.Fixed"/> when the answer is false.</param>
    /// <returns>Whether it is a move's name.</returns>
    public static bool TryParse(string? name, out CameraMove move)
    {
        int index = Array.FindIndex(Known, known => known.Name == name);
        move = index < 0 ? default : Known[index].Move;
        return index >= 0;
    }

    /// <summary>The move in words, in the language of the caption that it goes behind.</summary>
    internal static string Describe(CameraMove move, string caption) => Caption.IsChinese(caption) ? Find(move).Chinese : Find(move).English;

    private static (CameraMove Move, string Name, string English, string Chinese) Find(CameraMove move) =>
        Array.Find(Known, known => known.Move == move) is { Name: not null } found ? found : throw new ArgumentOutOfRangeException(nameof(move), move, "There is no such camera move.");
}
