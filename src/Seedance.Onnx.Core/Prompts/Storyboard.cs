using System.Collections.Immutable;
using System.Text.Json;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Prompts;

/// <summary>A video told shot by shot, as a JSON file: what a storyboard's author writes. Immutable.</summary>
/// <remarks>
/// <code>
/// { "style": "flat style",
///   "shots": [ { "caption": "a red cat on the left walks right", "seconds": 2, "camera": "fixed", "first_frame": "cat.png" },
///              { "caption": "the same cat, close, stays still", "seconds": 1.5 } ] }
/// </code>
/// Only caption is required. Paths are relative to the file's folder.
/// </remarks>
public sealed record Storyboard
{
    private const long MaxBytes = 1 << 20;
    private const int MaxShots = 1000;

    /// <summary>What is said of every shot, in front of its caption; empty if the file does not say.</summary>
    public required string Style { get; init; }

    /// <summary>The shots in order, at least one.</summary>
    public required ImmutableArray<ShotRequest> Shots { get; init; }

    /// <summary>Reads a storyboard file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The storyboard.</returns>
    /// <exception cref="InvalidRequestException">The file is not there, is no JSON or is malformed; every problem is listed with its path.</exception>
    public static Storyboard Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string name = Path.GetFileName(path);
        try
        {
            FileInfo file = new(path);
            return file.Exists && file.Length > MaxBytes
                ? throw new InvalidRequestException([$"Storyboard '{name}' must have at most {MaxBytes} bytes, but has {file.Length}. Use another file."])
                : Parse(File.ReadAllBytes(path), name, Path.GetDirectoryName(Path.GetFullPath(path))!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException([$"Storyboard '{path}' must be a file that can be read, but is not: {e.Message} Check the path."]);
        }
    }

    /// <summary>Reads a storyboard from memory.</summary>
    /// <param name="json">The bytes of the file.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="folder">What the paths of images are relative to.</param>
    /// <returns>The storyboard.</returns>
    /// <exception cref="InvalidRequestException">It is no JSON or is malformed; every problem is listed with its path.</exception>
    public static Storyboard Parse(ReadOnlyMemory<byte> json, string name, string folder)
    {
        List<string> problems = [];
        Storyboard? board = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            JsonFields fields = new(document.RootElement, $"Storyboard '{name}': $", problems);
            board = new Storyboard
            {
                Style = fields.Text("style", "a text", _ => true, ifMissing: ""),
                Shots = [.. fields.FieldsList("shots").Select(shot => ReadShot(shot, folder))],
            };
            fields.Close();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The JSON reader says by the latter that a text in the file is no Unicode.
            problems.Add($"Storyboard '{name}' must be JSON in valid Unicode, but is not: {e.Message} Correct the file.");
        }

        if (board?.Shots.Length > MaxShots)
        {
            problems.Add($"Storyboard '{name}' must have at most {MaxShots} shots, but has {board.Shots.Length}. Split it.");
        }

        return problems.Count == 0 ? board! : throw new InvalidRequestException(problems);
    }

    private static ShotRequest ReadShot(JsonFields fields, string folder)
    {
        string caption = fields.Text("caption");
        double? seconds = fields.Has("seconds") ? fields.Number("seconds", above: 0, most: 100_000) : null;
        string camera = fields.Text("camera", $"one of {string.Join(", ", CameraNames.All)}", text => CameraNames.TryParse(text, out _), ifMissing: "");
        string image = fields.Text("first_frame", ifMissing: "");
        fields.Close();
        return new ShotRequest
        {
            Caption = caption,
            Duration = seconds is { } known ? TimeSpan.FromSeconds(known) : null,
            Camera = CameraNames.TryParse(camera, out CameraMove move) ? move : null,
            FirstFrame = image.Length > 0 ? ImageSource.FromFile(Path.GetFullPath(image, folder)) : null,
        };
    }
}
