using System.Text.Json;
using Seedance.Onnx.Server.Http;
using Seedance.Onnx.Server.Jobs;
using Seedance.Onnx.Server.Security;

namespace Seedance.Onnx.Server.Ark;

/// <summary>Reads the list "content": words and images, in one of the three ways that go together.</summary>
internal sealed class ArkContentReader(ImageInput images, ServerOptions options)
{
    private const int LongestText = 32_000;
    private const int MostItems = 16;
    private const string Content = "content";

    private static readonly string[] Roles = [OrderImage.FirstFrame, OrderImage.LastFrame, "reference_image"];

    /// <summary>Reads it.</summary>
    public async Task<ArkContent> ReadAsync(RequestFields fields, CancellationToken cancellationToken)
    {
        if (fields.Raw(Content) is not { } list)
        {
            fields.Refuse(Content, "must be given, but is missing.", ProblemKind.Missing);
            return new ArkContent("", []);
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MostItems)
        {
            fields.Refuse(Content, $"must be a list of 1 to {MostItems} items, but is not.");
            return new ArkContent("", []);
        }

        List<string> texts = [];
        List<(string? Role, string Url, string Name)> given = [];
        foreach ((int index, JsonElement item) in list.EnumerateArray().Index())
        {
            ReadItem(RequestFields.Of(item, textNumbers: false, $"{Content}[{index}].", fields.Problems), texts, given);
        }

        if (texts.Count > 1)
        {
            fields.Refuse(Content, $"must have one text, but has {texts.Count}. Put them together.");
        }

        List<DraftImage> read = [];
        if (Place(fields, given))
        {
            foreach ((int index, (_, string url, string name)) in given.Index())
            {
                if (await images.ReadAsync(url, name, fields.Problems, cancellationToken).ConfigureAwait(false) is { } bytes)
                {
                    read.Add(new DraftImage(index == 0 ? OrderImage.FirstFrame : OrderImage.LastFrame, bytes, name));
                }
            }
        }

        return new ArkContent(texts.FirstOrDefault() ?? "", read);
    }

    private void ReadItem(RequestFields item, List<string> texts, List<(string? Role, string Url, string Name)> given)
    {
        switch (item.Text("type", 32, required: true))
        {
            case "text":
                texts.Add(item.Text("text", LongestText, required: true) ?? "");
                break;
            case "image_url":
                string? role = item.Word("role", Roles);
                if (item.Raw("image_url") is not { } nested)
                {
                    item.Refuse("image_url", "must be given, but is missing.", ProblemKind.Missing);
                    break;
                }

                RequestFields inner = RequestFields.Of(nested, textNumbers: false, item.NameOf("image_url") + ".", item.Problems);
                string? url = inner.Text("url", ImageInput.LongestUrl(options), required: true);
                inner.Close();
                if (url is not null)
                {
                    given.Add((role, url, inner.NameOf("url")));
                }

                break;
            case null:
                return; // said already; what else is there cannot be judged
            case var other:
                item.Refuse("type", $"must be text or image_url with this pack, but is '{(other.Length <= 32 ? other : "")}'.");
                return;
        }

        item.Close();
    }

    /// <summary>Puts the first frame first; refuses what does not go together.</summary>
    private static bool Place(RequestFields fields, List<(string? Role, string Url, string Name)> given)
    {
        if (given.Exists(image => image.Role == "reference_image"))
        {
            fields.Refuse(Content, "must have a first or a first and a last frame with this pack, which takes no reference images.");
            return false;
        }

        string?[] roles = [.. given.Select(image => image.Role)];
        switch (roles)
        {
            case [] or [null or OrderImage.FirstFrame] or [OrderImage.FirstFrame, OrderImage.LastFrame]:
                return true;
            case [OrderImage.LastFrame, OrderImage.FirstFrame]:
                given.Reverse();
                return true;
            default:
                fields.Refuse(Content, "must have one image, which is the first frame, or two with the roles first_frame and last_frame, but has others.");
                return false;
        }
    }
}
